import { badRequest, GraphError, unsupportedQuery } from './graph-error.ts'

/** OData system query options of one request, unparsed. Each collection defines their meaning. */
export interface QueryOptions {
  readonly select: readonly string[] | null
  readonly search: string | null
  readonly filter: string | null
  readonly orderBy: string | null
  readonly top: number | null
  readonly skip: number | null
  readonly count: boolean
  readonly skipToken: string | null
  /** `ConsistencyLevel: eventual`. */
  readonly isEventual: boolean
  /** The options to repeat in a nextLink. */
  readonly repeated: readonly (readonly [name: string, value: string])[]
}

const KNOWN = [
  '$select',
  '$search',
  '$filter',
  '$orderby',
  '$top',
  '$skip',
  '$count',
  '$skiptoken',
  '$expand',
  '$format',
]
const NOT_REPEATED = new Set(['$skiptoken', '$skip'])

export function readQueryOptions(request: Request): QueryOptions {
  const options = new Map<string, string>()
  for (const [name, value] of new URL(request.url).searchParams) {
    const option = name.toLowerCase()
    if (!option.startsWith('$')) continue
    if (!KNOWN.includes(option)) throw badRequest(`The query parameter '${name}' is not supported.`)
    if (options.has(option)) {
      throw badRequest(
        `Query option '${name}' was specified more than once, but it must be specified at most once.`,
      )
    }
    options.set(option, value)
  }
  if (options.has('$expand')) throw unsupportedQuery('$expand is not supported here.')
  const select = options.get('$select')
  return {
    select: select === undefined ? null : select.split(',').map((name) => name.trim()),
    search: options.get('$search') ?? null,
    filter: options.get('$filter') ?? null,
    orderBy: options.get('$orderby') ?? null,
    top: readNumber('$top', options.get('$top')),
    skip: readNumber('$skip', options.get('$skip')),
    count: readBoolean('$count', options.get('$count')),
    skipToken: options.get('$skiptoken') ?? null,
    isEventual: request.headers.get('consistencylevel')?.toLowerCase() === 'eventual',
    repeated: [...options].filter(([name]) => !NOT_REPEATED.has(name)),
  }
}

/** Page sizes of directory collections. A page size above the maximum is refused, not reduced. */
export function readPageSize(options: QueryOptions): number {
  const top = options.top ?? 100
  if (top < 1 || top > 999) {
    throw unsupportedQuery(
      `Invalid page size specified: '${top}'. Must be between 1 and 999 inclusive.`,
    )
  }
  return top
}

export function refuseSkip(options: QueryOptions): void {
  if (options.skip !== null) {
    throw new GraphError(400, 'Request_BadRequest', "'$skip' is not supported by the service.")
  }
}

function readNumber(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  if (!/^\d{1,9}$/.test(value)) {
    throw badRequest(`Invalid value '${value}' for ${name} query option found.`)
  }
  return Number(value)
}

function readBoolean(name: string, value: string | undefined): boolean {
  if (value === undefined) return false
  if (value !== 'true' && value !== 'false') {
    throw badRequest(`Invalid value '${value}' for ${name} query option found.`)
  }
  return value === 'true'
}
