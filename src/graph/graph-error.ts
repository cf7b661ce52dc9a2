import { readJson } from '../json.ts'
import * as v from 'valibot'
import { readRetryAfter } from '../time.ts'

/** What Graph said when it refused. Branch on `status` and `codes`; the message is never read. */
export interface GraphError {
  readonly status: number
  /** Outermost first, innermost last, as Graph nests them. */
  readonly codes: readonly string[]
  /** Seconds; `null` when not given. */
  readonly retryAfter: number | null
  /** Decoded claims challenge (continuous access evaluation), JSON text. */
  readonly claims: string | null
  /** Graph's `request-id`, for support. */
  readonly requestId: string | null
}

const Inner = v.optional(v.unknown())
/** The body, the error in it, or an error in that: each may hold one more. */
const ErrorNode = v.object({
  code: v.optional(v.string()),
  error: Inner,
  // Both spellings are served, depending on the service behind Graph.
  innerError: Inner,
  innererror: Inner,
})

export async function readGraphError(response: Response): Promise<GraphError> {
  const body = await readJson(response, v.unknown())
  return graphErrorOf(response.status, response.headers, body)
}

/** Also for one part of a batch, whose headers and body come as JSON. */
export function graphErrorOf(status: number, headers: Headers, body: unknown): GraphError {
  return {
    status,
    codes: codesOf(body),
    retryAfter: readRetryAfter(headers),
    claims: readClaimsChallenge(headers.get('www-authenticate')),
    requestId: headers.get('request-id'),
  }
}

/** Silence, put as the refusal a gateway would have given. */
export const NO_RESPONSE: GraphError = {
  status: 504,
  codes: [],
  retryAfter: null,
  claims: null,
  requestId: null,
}

/** For a request that was not sent, because Graph has asked for a pause that is not over. */
export function pausedError(seconds: number | null): GraphError {
  return { ...NO_RESPONSE, status: 429, codes: ['paused'], retryAfter: seconds }
}

function codesOf(body: unknown): readonly string[] {
  const node = v.safeParse(ErrorNode, body)
  if (!node.success) return []
  const { code, error, innerError, innererror } = node.output
  return [...(code ? [code] : []), ...codesOf(error ?? innerError ?? innererror)]
}

/**
 * Finds `claims` of an `insufficient_claims` challenge. Parameters come in any order, several challenges
 * may share the header, and base64 padding makes splitting on `=` or `,` wrong.
 */
export function readClaimsChallenge(header: string | null): string | null {
  if (header === null || !/error="?insufficient_claims"?/i.test(header)) return null
  const encoded = /(?:^|[\s,])claims="([A-Za-z0-9+/_=-]+)"/.exec(header)?.[1]
  if (encoded === undefined) return null
  try {
    const json = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
    JSON.parse(json)
    return json
  } catch {
    // A challenge nobody can read is no challenge: the caller treats the 401 as a refused token.
    return null
  }
}
