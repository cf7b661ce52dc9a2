import { EntradaFailure } from '../failure.ts'
import type { PeopleQuery } from './people-search.ts'
import { readSearchText } from './search-text.ts'

const DEFAULT_LIMIT = 20
const MOST = 50
const TYPES = ['user', 'group'] as const

/** @throws EntradaFailure `invalid_request` */
export function readPeopleQuery(
  parameters: URLSearchParams,
): PeopleQuery & { readonly limit: number } {
  const search = readSearchText(parameters.get('q') ?? '')
  if (search === null) {
    throw new EntradaFailure('invalid_request', { detail: 'q takes 2 to 100 characters.' })
  }
  return { search, types: readTypes(parameters), limit: readLimit(parameters.get('limit')) }
}

/** As LibreChat reads them: comma separated or repeated, the unknown ignored; all without the parameter. */
export function readTypes(parameters: URLSearchParams): ReadonlySet<'user' | 'group'> {
  if (!parameters.has('types')) return new Set(TYPES)
  const named = parameters.getAll('types').flatMap((list) => list.split(','))
  return new Set(TYPES.filter((type) => named.some((name) => name.trim() === type)))
}

/** Out of bounds is brought back into them; what is no number is a mistake somebody should hear of. */
function readLimit(text: string | null): number {
  if (text === null || text.trim() === '') return DEFAULT_LIMIT
  if (!/^\s*-?\d{1,9}\s*$/.test(text)) {
    throw new EntradaFailure('invalid_request', { detail: 'limit takes a number from 1 to 50.' })
  }
  return Math.min(MOST, Math.max(1, Number(text)))
}
