import { readJson } from '../json.ts'
import * as v from 'valibot'
import { readRetryAfter } from '../time.ts'

/** An error response of Graph. Branch on `status` and `codes`; Graph's messages are not read. */
export interface GraphError {
  readonly status: number
  /** Outermost first, innermost last, as Graph nests them. */
  readonly codes: readonly string[]
  /** Seconds; `null` without the header. */
  readonly retryAfter: number | null
  /** Decoded claims challenge (continuous access evaluation), JSON text. */
  readonly claims: string | null
  /** Graph's `request-id`, for support. */
  readonly requestId: string | null
}

const Inner = v.optional(v.unknown())
/** The body, its error, or an inner error. Each may hold another. */
const ErrorNode = v.object({
  code: v.optional(v.string()),
  error: Inner,
  // The services behind Graph use both spellings.
  innerError: Inner,
  innererror: Inner,
})

/** Reads an error response, also one without a JSON body. */
export async function readGraphError(response: Response): Promise<GraphError> {
  const body = await readJson(response, v.unknown())
  return graphErrorOf(response.status, response.headers, body)
}

/** The error of a status, headers and parsed body, as one response of a batch has them. */
export function graphErrorOf(status: number, headers: Headers, body: unknown): GraphError {
  return {
    status,
    codes: codesOf(body),
    retryAfter: readRetryAfter(headers),
    claims: readClaimsChallenge(headers.get('www-authenticate')),
    requestId: headers.get('request-id'),
  }
}

/** For a call without a response: the error of a gateway. */
export const NO_RESPONSE: GraphError = {
  status: 504,
  codes: [],
  retryAfter: null,
  claims: null,
  requestId: null,
}

/** For a request that was not sent, because its bucket is paused. `seconds`: the rest of the pause. */
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
 * Reads `claims` of an `insufficient_claims` challenge and decodes it to JSON text; `null` without one. Parameters come
 * in any order, several challenges may share the header, and base64 padding forbids splitting at `=`.
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
    // Without a readable challenge the caller treats the 401 as a refused token.
    return null
  }
}
