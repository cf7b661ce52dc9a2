import { EntradaFailure } from '../failure.ts'
import { isGuid } from '../settings/issuer.ts'
import { readSearchText } from './search-text.ts'
import type { PeopleQuery } from './search.ts'

export function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}

/** @throws EntradaFailure `graph_not_found` for what is the id of nobody and nothing */
export function readObjectId(id: string): string {
  if (!isGuid(id)) throw new EntradaFailure('graph_not_found')
  return id.toLowerCase()
}

/**
 * Out of bounds is brought back into them; what is no number is a mistake somebody should hear of.
 * @throws EntradaFailure `invalid_request`
 */
export function readLimit(parameters: URLSearchParams, usual: number, most: number): number {
  const limit = Number(parameters.get('limit')?.trim() || usual)
  if (!Number.isInteger(limit)) throw invalid(`limit takes a number from 1 to ${most}.`)
  return Math.min(most, Math.max(1, limit))
}

const USUAL = 20
const MOST = 50
const TYPES = ['user', 'group'] as const

/** @throws EntradaFailure `invalid_request` */
export function readPeopleQuery(
  parameters: URLSearchParams,
): PeopleQuery & { readonly limit: number } {
  const search = readSearchText(parameters.get('q') ?? '')
  if (search === null) throw invalid('q takes 2 to 100 characters.')
  return { search, types: readTypes(parameters), limit: readLimit(parameters, USUAL, MOST) }
}

/** As LibreChat reads them: comma separated or repeated, the unknown ignored; all without the parameter. */
export function readTypes(parameters: URLSearchParams): ReadonlySet<'user' | 'group'> {
  if (!parameters.has('types')) return new Set(TYPES)
  const named = parameters.getAll('types').flatMap((list) => list.split(','))
  return new Set(TYPES.filter((type) => named.some((name) => name.trim() === type)))
}
