import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { PeopleDeps, Searcher, Source } from './access.ts'
import { type Candidate, mergeSources } from './matching.ts'
import { indexOf, type Principal } from './principal.ts'
import { readTypes } from './query.ts'
import { describeStatus, type SearchResults, statusOfAll, toResult } from './response.ts'
import { readSearchText, type SearchText } from './search-text.ts'
import { searchPeople } from './search.ts'

const MOST = 50

const Text = v.nullish(v.string())
/** One of LibreChat's results. What else it holds is passed on as it is. */
const Local = v.looseObject({
  id: Text,
  type: v.string(),
  name: Text,
  email: Text,
  username: Text,
  source: Text,
  idOnTheSource: Text,
})
type Local = v.InferOutput<typeof Local>

export const Body = v.looseObject({
  limit: v.number(),
  types: v.nullish(v.array(v.string())),
  results: v.array(Local),
})

/** Of LibreChat's own list. */
interface LocalRow extends Candidate {
  readonly type: string
  readonly email: string | null
  readonly isLocal: boolean
  readonly local: Local
}

export type LibreChatRow = LocalRow | Principal

/** Both lists as one. Whom LibreChat knows stays as LibreChat knows them. */
export function mergedRows(
  { results, types, limit }: v.InferOutput<typeof Body>,
  found: ReadonlyMap<Source, readonly Principal[]>,
  search: SearchText,
): readonly LibreChatRow[] {
  const locals = results.map(toRow)
  const known = new Map(
    locals.flatMap((row) => [
      [row.id, row],
      [addressOf(row), row],
    ]),
  )
  const rowsOf = (part: Source): readonly LibreChatRow[] =>
    (found.get(part) ?? [])
      .filter(({ type }) => types?.includes(type) !== false)
      .map((one) => known.get(one.id) ?? known.get(addressOf(one)) ?? one)
  const isUser = ({ type }: LibreChatRow) => type === 'user'
  const sources = new Map<Source, readonly LibreChatRow[]>([
    ['people', rowsOf('people')],
    ['users', [...locals.filter(isUser), ...rowsOf('users')]],
    ['groups', [...locals.filter((row) => !isUser(row)), ...rowsOf('groups')]],
  ])
  return mergeSources(sources, search, Math.min(MOST, Math.max(1, limit)))
}

function toRow(local: Local): LocalRow {
  const { id, type, source, idOnTheSource } = local
  const name = local.name ?? ''
  const email = local.email ?? null
  return {
    id: idOnTheSource?.toLowerCase() ?? `${type} ${id ?? ''}`,
    type,
    name,
    email,
    index: indexOf(name, [email, local.username ?? null]),
    isLocal: source !== 'entra',
    local,
  }
}

/** Without an address nobody is anybody's double. */
function addressOf({ type, email, id }: Pick<LibreChatRow, 'type' | 'email' | 'id'>): string {
  return email === null || email === '' ? `id ${id}` : `${type} ${email.toLowerCase()}`
}

const MAX_PRINCIPALS = 50

/**
 * LibreChat's answer with the directory's merged in. LibreChat decides who may search and for what: without its
 * 200 there is nothing but its own answer, and types it leaves out stay out.
 */
export async function searchPrincipals(
  deps: PeopleDeps,
  asker: Searcher,
  exchange: { readonly request: Request; forward(request: Request): Promise<Response> },
): Promise<Response> {
  const { searchParams } = new URL(exchange.request.url)
  const search = readSearchText(searchParams.get('q') ?? '')
  const types = readTypes(searchParams)
  if (search === null || types.size === 0) return exchange.forward(exchange.request)
  const [response, found] = await Promise.all([
    exchange.forward(unconditional(exchange.request)),
    searchOrNot(deps, asker, { search, types, limit: MAX_PRINCIPALS }),
  ])
  const isJson = response.headers.get('content-type')?.includes('json') === true
  if (response.status !== 200 || !isJson) return response
  const text = await response.text()
  const body = readBody(text)
  const headers = mergedHeaders(response.headers, found)
  if (body === null) return new Response(text, { status: 200, headers })
  const rows = mergedRows(body, found.sources, search)
  const local = rows.filter((row) => 'local' in row && row.isLocal).length
  const { publicOrigin } = asker.settings
  return Response.json(
    {
      ...body,
      results: rows.map((row) => ('local' in row ? row.local : toResult(row, publicOrigin))),
      count: rows.length,
      sources: { local, entra: rows.length - local },
    },
    { headers },
  )
}

/** A validator of LibreChat's own answer says nothing about the merged one, and a 304 could not be merged. */
function unconditional(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.delete('if-none-match')
  headers.delete('if-modified-since')
  // The runtime takes this apart itself; zstd, which a browser may offer, it does not.
  headers.set('accept-encoding', 'gzip')
  return new Request(request, { headers })
}

/** The chat's own people are found whatever became of the directory. */
async function searchOrNot(...asked: Parameters<typeof searchPeople>): Promise<SearchResults> {
  try {
    return await searchPeople(...asked)
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    return { sources: new Map(), status: statusOfAll('failed'), retryAfter: null }
  }
}

/** `null` for an answer of another shape: another version's, and none of our business. */
function readBody(text: string): v.InferOutput<typeof Body> | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Body), text)
  return parsed.success ? parsed.output : null
}

function mergedHeaders(from: Headers, { status, retryAfter }: SearchResults): Headers {
  const headers = new Headers(from)
  // They describe the bytes that came, not those that go.
  for (const name of ['content-length', 'content-encoding', 'etag', 'last-modified']) {
    headers.delete(name)
  }
  headers.set('cache-control', 'no-store')
  // LibreChat's shape has no place for it.
  headers.set('entrada-people-status', `${describeStatus(status)}, local=ok`)
  if (retryAfter !== null) headers.set('retry-after', String(retryAfter))
  return headers
}
