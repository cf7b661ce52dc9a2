import type { SandboxWorld } from '../sandbox.ts'
import { badRequest, GraphError, unsupportedQuery } from './graph-error.ts'
import type { QueryOptions } from './query-options.ts'

/** Starts like Microsoft's; the rest is opaque to clients. */
const PREFIX = 'RFNwdAoAAQ'

interface Cursor {
  readonly offset: number
  readonly page: number
  /** The first page was an advanced query, so every further page requires the header again. */
  readonly isEventual: boolean
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
  readonly nextLink: string | null
  readonly isFirst: boolean
}

export function readPage<T>(
  world: SandboxWorld,
  items: readonly T[],
  request: {
    readonly url: string
    readonly options: QueryOptions
    readonly size: number
    readonly userId: string
  },
): Page<T> {
  const { options, size, userId } = request
  const cursor = readCursor(options)
  if (cursor.page === 2 && world.faults.take('graph.partial_page', userId) !== null) {
    throw new GraphError(500, 'InternalServerError', 'The server encountered an internal error.')
  }
  const end = cursor.offset + size
  const next = { offset: end, page: cursor.page + 1, isEventual: options.isEventual }
  return {
    items: items.slice(cursor.offset, end),
    total: items.length,
    nextLink: end < items.length ? linkTo(world, request, next) : null,
    isFirst: cursor.page === 1,
  }
}

function readCursor(options: QueryOptions): Cursor {
  if (options.skipToken === null) return { offset: 0, page: 1, isEventual: false }
  const [, offset, page, level] =
    /^(\d+)\.(\d+)\.([es])$/.exec(
      options.skipToken.startsWith(PREFIX)
        ? Buffer.from(options.skipToken.slice(PREFIX.length), 'base64url').toString('latin1')
        : '',
    ) ?? []
  if (offset === undefined || page === undefined) {
    throw badRequest('Invalid $skiptoken: the page token is malformed or has expired.')
  }
  if (level === 'e' && !options.isEventual) {
    throw unsupportedQuery(
      "Paging through this query only works with a special request header: 'ConsistencyLevel: eventual'",
    )
  }
  return { offset: Number(offset), page: Number(page), isEventual: level === 'e' }
}

function linkTo(
  world: SandboxWorld,
  { url, options }: { readonly url: string; readonly options: QueryOptions },
  { offset, page, isEventual }: Cursor,
): string {
  const token = Buffer.from(`${offset}.${page}.${isEventual ? 'e' : 's'}`).toString('base64url')
  const query = [...options.repeated, ['$skiptoken', PREFIX + token] as const]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return `${world.hosts.graph}${new URL(url).pathname}?${query}`
}
