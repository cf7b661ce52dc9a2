import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { mergeParts, type Candidate } from './merge.ts'
import type { Asker, PeopleParts } from './people-access.ts'
import { describeStatus, statusOfAll, toResult, type Found } from './people-answer.ts'
import { readTypes } from './people-query.ts'
import { searchPeople } from './people-search.ts'
import type { Part } from './permissions.ts'
import { indexOf, type Principal } from './principal.ts'
import { readSearchText, type SearchText } from './search-text.ts'

/** LibreChat's own path, enriched on its way. */
export const PRINCIPALS_PATH = '/api/permissions/search-principals'

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
const Body = v.looseObject({
  limit: v.number(),
  types: v.nullish(v.array(v.string())),
  results: v.array(Local),
})

/** A row of the merged list, as it will be sent. */
interface Row extends Candidate {
  readonly type: string
  readonly email: string | null
  readonly isLocal: boolean
  readonly result: object
}

/**
 * LibreChat's answer with the directory's merged in. LibreChat decides who may search and for what: without its
 * 200 there is nothing but its own answer, and types it leaves out stay out.
 */
export async function searchPrincipals(
  parts: PeopleParts,
  asker: Asker,
  exchange: { readonly request: Request; forward(request: Request): Promise<Response> },
): Promise<Response> {
  const { searchParams } = new URL(exchange.request.url)
  const search = readSearchText(searchParams.get('q') ?? '')
  const types = readTypes(searchParams)
  if (search === null || types.size === 0) return exchange.forward(exchange.request)
  const [response, found] = await Promise.all([
    exchange.forward(unconditional(exchange.request)),
    searchOrNot(parts, asker, { search, types, limit: MOST }),
  ])
  const isJson = response.headers.get('content-type')?.includes('json') === true
  if (response.status !== 200 || !isJson) return response
  const text = await response.text()
  const body = readBody(text)
  const headers = mergedHeaders(response.headers, found)
  if (body === null) return new Response(text, { status: 200, headers })
  const rows = merged(body, { found, search, publicOrigin: asker.settings.publicOrigin })
  const local = rows.filter(({ isLocal }) => isLocal).length
  return Response.json(
    {
      ...body,
      results: rows.map(({ result }) => result),
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
async function searchOrNot(...asked: Parameters<typeof searchPeople>): Promise<Found> {
  try {
    return await searchPeople(...asked)
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    return { parts: new Map(), status: statusOfAll('failed'), retryAfter: null }
  }
}

/** `null` for an answer of another shape: another version's, and none of our business. */
function readBody(text: string): v.InferOutput<typeof Body> | null {
  try {
    const parsed = v.safeParse(Body, JSON.parse(text))
    return parsed.success ? parsed.output : null
  } catch {
    // Not JSON, although it says so. It is passed on as it came.
    return null
  }
}

function mergedHeaders(from: Headers, { status, retryAfter }: Found): Headers {
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

interface Merging {
  readonly found: Found
  readonly search: SearchText
  readonly publicOrigin: string
}

function merged(
  { results, types, limit }: v.InferOutput<typeof Body>,
  { found, search, publicOrigin }: Merging,
): readonly Row[] {
  const locals = results.map(toRow)
  const byId = new Map(locals.map((row) => [row.id, row]))
  const byAddress = new Map(locals.map((row) => [addressOf(row), row]))
  const folded = (part: Part) =>
    (found.parts.get(part) ?? [])
      .filter(({ type }) => types?.includes(type) !== false)
      .map((principal) => {
        const known = byId.get(principal.id) ?? byAddress.get(addressOf(principal))
        return known ?? directoryRow(principal, publicOrigin)
      })
  const isUser = ({ type }: Row) => type === 'user'
  const parts = new Map<Part, readonly Row[]>([
    ['people', folded('people')],
    ['users', [...locals.filter(isUser), ...folded('users')]],
    ['groups', [...locals.filter((row) => !isUser(row)), ...folded('groups')]],
  ])
  return mergeParts(parts, search, Math.min(MOST, Math.max(1, limit)))
}

function toRow(result: Local): Row {
  const { id, type, source, idOnTheSource } = result
  const name = result.name ?? ''
  const email = result.email ?? null
  return {
    id: idOnTheSource?.toLowerCase() ?? `${type} ${id ?? ''}`,
    type,
    name,
    email,
    index: indexOf(name, [email, result.username ?? null]),
    isLocal: source !== 'entra',
    result,
  }
}

function directoryRow(principal: Principal, publicOrigin: string): Row {
  const { id, type, name, email, index } = principal
  return { id, type, name, email, index, isLocal: false, result: toResult(principal, publicOrigin) }
}

/** Without an address nobody is anybody's double. */
function addressOf({ type, email, id }: Pick<Row, 'type' | 'email' | 'id'>): string {
  return email === null || email === '' ? `id ${id}` : `${type} ${email.toLowerCase()}`
}
