import { invalid, readLimit } from './parameters.ts'
import type { PeopleQuery } from './people-search.ts'
import { readSearchText } from './search-text.ts'

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
