import * as v from 'valibot'
import { badRequest } from './graph-error.ts'

const part = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  method: v.pipe(v.string(), v.toUpperCase()),
  url: v.string(),
  headers: v.optional(v.record(v.string(), v.string())),
  body: v.optional(v.unknown()),
  dependsOn: v.optional(v.array(v.string())),
})
const payload = v.object({ requests: v.array(part) })

type Part = v.InferOutput<typeof part>

export interface PartAnswer {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

export const MOST_PARTS = 20

/** Checks what makes the whole batch fail. An error in one request fails that request only. */
export function readBatch(body: unknown): readonly Part[] {
  const parsed = v.safeParse(payload, body)
  if (!parsed.success) throw badRequest('Invalid batch payload format.')
  const { requests } = parsed.output
  if (requests.length > MOST_PARTS) {
    throw badRequest(`Number of batch request steps exceeds the maximum value of ${MOST_PARTS}.`)
  }
  const ids = new Set<string>()
  for (const { id, dependsOn, body: content, headers, method } of requests) {
    if (ids.has(id.toLowerCase())) throw badRequest(`Request Id ${id} has to be unique in a batch.`)
    // A request may depend only on earlier ones, which also rules out cycles.
    const unknown = dependsOn?.find((other) => !ids.has(other.toLowerCase()))
    if (unknown !== undefined) throw badRequest(`Request Id ${unknown} does not exist.`)
    const isTyped = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
    if (method !== 'GET' && (content === undefined || !isTyped)) {
      throw badRequest(`Write request id : ${id} does not contain Content-Type header or body.`)
    }
    ids.add(id.toLowerCase())
  }
  return requests
}

/** Runs each request separately and answers in a different order than requested. */
export async function runBatch(
  parts: readonly Part[],
  send: (part: Part) => Promise<Response>,
): Promise<readonly PartAnswer[]> {
  const failed = new Set<string>()
  const answers: PartAnswer[] = []
  for (const one of parts) {
    const isOrphan = one.dependsOn?.some((id) => failed.has(id.toLowerCase())) === true
    const answer = isOrphan ? failedDependency(one.id) : await read(one.id, await send(one))
    if (answer.status >= 400) failed.add(one.id.toLowerCase())
    answers.push(answer)
  }
  return answers.toReversed()
}

/** Builds a separate request with the credentials of the batch. */
export function requestFor(base: string, one: Part, authorization: string): Request {
  if (/^[a-z][a-z\d+.-]*:/i.test(one.url)) throw badRequest(`Invalid request url: ${one.url}`)
  const headers = new Headers(one.headers)
  headers.set('authorization', authorization)
  const url = `${base}/${one.url.replace(/^\/+/, '')}`
  const hasBody = one.body !== undefined && one.method !== 'GET'
  return new Request(url, {
    method: one.method,
    headers,
    ...(hasBody ? { body: bodyOf(one.body) } : {}),
  })
}

/** A JSON object stays JSON; bytes such as a photo become base64. */
function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body !== 'string') return JSON.stringify(body)
  return new Uint8Array(Buffer.from(body, 'base64'))
}

function failedDependency(id: string): PartAnswer {
  return {
    id,
    status: 424,
    headers: { 'Content-Type': 'application/json' },
    body: { error: { code: '', message: 'Failed Dependency' } },
  }
}

async function read(id: string, response: Response): Promise<PartAnswer> {
  const headers = Object.fromEntries(
    [...response.headers]
      .filter(([name]) => SHOWN.has(name))
      .map(([name, value]) => [SHOWN.get(name) ?? name, value]),
  )
  const type = response.headers.get('content-type') ?? ''
  const answer = { id, status: response.status, headers }
  if (response.body === null) return answer
  if (type.startsWith('application/json')) return { ...answer, body: await response.json() }
  return { ...answer, body: Buffer.from(await response.arrayBuffer()).toString('base64') }
}

/** Headers of single responses in Graph's spelling: they are JSON keys here, so case matters. */
const SHOWN: ReadonlyMap<string, string> = new Map(
  ['Cache-Control', 'Content-Type', 'ETag', 'Location', 'OData-Version', 'Retry-After']
    .concat('WWW-Authenticate', 'x-ms-resource-unit')
    .map((name) => [name.toLowerCase(), name]),
)
