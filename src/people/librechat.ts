import { parseJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { PeopleDeps, Searcher } from './access.ts'
import { type Candidate, mergeSources } from './matching.ts'
import { type Principal, searchIndexOf } from './principal.ts'
import { readSearchText, readTypes, type SearchText } from './query.ts'
import { describeStatus, type SearchResults, statusOfAll, toResult } from './response.ts'
import { searchPeople } from './search.ts'
import type { Source } from './source-result.ts'

/** LibreChat's own limit. */
const MAX_RESULTS = 50

/**
 * Forwards a people search to LibreChat and merges results of the directory into the response. LibreChat decides who
 * may search: every response but 200 is passed on unchanged, and types that LibreChat leaves out stay out.
 * @param exchange `forward` sends a request to LibreChat
 */
export async function searchPrincipals(
  deps: PeopleDeps,
  searcher: Searcher,
  exchange: { readonly request: Request; forward(request: Request): Promise<Response> },
): Promise<Response> {
  const { searchParams } = new URL(exchange.request.url)
  const search = readSearchText(searchParams.get('q') ?? '')
  const types = readTypes(searchParams)
  if (search === null || types.size === 0) return exchange.forward(exchange.request)
  const [response, found] = await Promise.all([
    exchange.forward(unconditional(exchange.request)),
    searchWithoutThrowing(deps, searcher, { search, types, limit: MAX_RESULTS }),
  ])
  const isJson = response.headers.get('content-type')?.includes('json') === true
  if (response.status !== 200 || !isJson) return response
  const text = await response.text()
  const body = readBody(text)
  const headers = mergedHeaders(response.headers, found)
  if (body === null) return new Response(text, { status: 200, headers })
  const rows = mergedRows(body, found.sources, search)
  const local = rows.filter((row) => 'local' in row && row.isLocal).length
  const { publicOrigin } = searcher.settings
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

/** The request without validators: LibreChat's 304 would have no body to merge into. */
function unconditional(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.delete('if-none-match')
  headers.delete('if-modified-since')
  // The runtime decompresses gzip. It does not decompress zstd, which browsers offer.
  headers.set('accept-encoding', 'gzip')
  return new Request(request, { headers })
}

/** A failed search must not hide LibreChat's own results. */
async function searchWithoutThrowing(
  ...query: Parameters<typeof searchPeople>
): Promise<SearchResults> {
  try {
    return await searchPeople(...query)
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    return { sources: new Map(), status: statusOfAll('failed'), retryAfter: null }
  }
}

const Text = v.nullish(v.string())
/** One of LibreChat's results. Other properties are passed on unchanged. */
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

const Body = v.looseObject({
  limit: v.number(),
  types: v.nullish(v.array(v.string())),
  results: v.array(Local),
})

/** `null` for a body of another shape, as another version of LibreChat may send. */
function readBody(text: string): v.InferOutput<typeof Body> | null {
  return parseJson(text, Body)
}

function mergedHeaders(from: Headers, { status, retryAfter }: SearchResults): Headers {
  const headers = new Headers(from)
  // They describe LibreChat's body, not the merged one.
  for (const name of ['content-length', 'content-encoding', 'etag', 'last-modified']) {
    headers.delete(name)
  }
  headers.set('cache-control', 'no-store')
  // LibreChat's body has no field for the status.
  headers.set('entrada-people-status', `${describeStatus(status)}, local=ok`)
  if (retryAfter !== null) headers.set('retry-after', String(retryAfter))
  return headers
}

/** A result of LibreChat, ready to be ranked with those of the directory. */
interface LocalRow extends Candidate {
  readonly type: string
  readonly email: string | null
  readonly isLocal: boolean
  readonly local: Local
}

type Row = LocalRow | Principal

/** Merges both lists. A person or group that LibreChat has a record of keeps that record. */
function mergedRows(
  { results, types, limit }: v.InferOutput<typeof Body>,
  found: ReadonlyMap<Source, readonly Principal[]>,
  search: SearchText,
): readonly Row[] {
  const locals = results.map(toRow)
  const localByKey = new Map(
    locals.flatMap((row) => [
      [row.id, row],
      [addressKeyOf(row), row],
    ]),
  )
  const rowsOf = (source: Source): readonly Row[] =>
    (found.get(source) ?? [])
      .filter(({ type }) => types?.includes(type) !== false)
      .map((one) => localByKey.get(one.id) ?? localByKey.get(addressKeyOf(one)) ?? one)
  const isUser = ({ type }: Row) => type === 'user'
  const sources = new Map<Source, readonly Row[]>([
    ['people', rowsOf('people')],
    ['users', [...locals.filter(isUser), ...rowsOf('users')]],
    ['groups', [...locals.filter((row) => !isUser(row)), ...rowsOf('groups')]],
  ])
  return mergeSources(sources, search, Math.min(MAX_RESULTS, Math.max(1, limit)))
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
    index: searchIndexOf(name, [email, local.username ?? null]),
    isLocal: source !== 'entra',
    local,
  }
}

/** What a record is found by beside its id. A record without an address equals no other. */
function addressKeyOf({ type, email, id }: Pick<Row, 'type' | 'email' | 'id'>): string {
  return email === null || email === '' ? `id ${id}` : `${type} ${email.toLowerCase()}`
}
