import { sha256Of } from '../crypto/digest.ts'
import type { FailureCode } from '../failure.ts'
import { readBody } from '../http/request-body.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'

/** Errors that a client understands: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8707 §2, OIDC Core §3.1.2.6. */
export type OAuthError =
  | 'access_denied'
  | 'interaction_required'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'login_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

export interface RefusalDetails {
  /** Number of Microsoft's error. */
  readonly aadsts?: number | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/**
 * A refusal in the protocol's own words. Where a client is spoken to it takes the place of `EntradaFailure`,
 * whose codes no OAuth library knows; `Entrada-Error` carries one of those all the same.
 */
export class OAuthFailure extends Error {
  override readonly name = 'OAuthRefusal'
  readonly error: OAuthError
  /** For the developer of the client: plain ASCII, without a quotation mark (RFC 6749 §5.2). */
  readonly description: string
  readonly code: FailureCode
  /** What Microsoft said, where a refusal is Microsoft's. */
  readonly details: RefusalDetails

  constructor(
    error: OAuthError,
    description: string,
    code: FailureCode = 'invalid_request',
    details: RefusalDetails = {},
  ) {
    super(error)
    this.error = error
    this.description = description
    this.code = code
    this.details = details
  }
}

/** Parameters of a request, each given once at most (RFC 6749 §3.1); an empty one counts as left out. */
export type Parameters = ReadonlyMap<string, string>

/** @throws OAuthRefusal `invalid_request` */
export function readParameters(given: URLSearchParams): Parameters {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of given) {
    if (seen.has(name)) throw new OAuthFailure('invalid_request', 'A parameter was given twice.')
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/** @throws OAuthRefusal `invalid_request` */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new OAuthFailure('invalid_request', `${name} is missing.`)
  return value
}

/** @throws OAuthRefusal `invalid_request`, EntradaFailure `body_too_large` */
export async function readFormParameters(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    throw new OAuthFailure('invalid_request', 'Expected application/x-www-form-urlencoded.')
  }
  return new URLSearchParams(await (await readBody(request)).text())
}

const REFUSAL = 'The client is not known, or its secret is another.'

/**
 * `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1), one of them.
 * @throws OAuthRefusal `invalid_client`, `invalid_request`
 */
export async function authenticateClient(
  authorization: string | null,
  parameters: Parameters,
  clients: readonly OidcClient[],
): Promise<OidcClient> {
  const readings = authorization === null ? [readFormValue(parameters)] : readBasic(authorization)
  if (authorization !== null && parameters.has('client_secret')) {
    throw new OAuthFailure('invalid_request', 'The client authenticates in two ways.')
  }
  const stated = parameters.get('client_id')
  const accepted = await Promise.all(
    readings.map(async ({ id, secret }) => {
      const client = clients.find((one) => one.id === id && one.id === (stated ?? id))
      // Digests, so that the time a comparison takes says nothing about the secret.
      const [given, ...known] = await Promise.all(
        [secret, ...(client?.secrets ?? [])].map(sha256Of),
      )
      return known.includes(given ?? '') ? client : undefined
    }),
  )
  const client = accepted.find((one) => one !== undefined)
  if (client === undefined) throw new OAuthFailure('invalid_client', REFUSAL, 'client_refused')
  return client
}

/** One way to read what a client sent. */
interface Credentials {
  readonly id: string
  readonly secret: string
}

function readFormValue(parameters: Parameters): Credentials {
  return { id: parameters.get('client_id') ?? '', secret: parameters.get('client_secret') ?? '' }
}

/**
 * The header's two readings: form-encoded, as RFC 6749 §2.3.1 has it, and as it is, as Authlib, arctic and the MCP
 * SDK send it. Both are compared every time, so that the time says nothing about which of them was right.
 */
function readBasic(authorization: string): readonly Credentials[] {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/.exec(textOf(encoded)) ?? []
  return [
    { id: decode(id), secret: decode(secret) },
    { id, secret },
  ]
}

function textOf(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}

/** What is not form-encoded has no first reading; an empty text is nobody's secret. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}
