import { sha256Of } from '../crypto/web-crypto.ts'
import type { FailureCode } from '../failure.ts'
import { readBody } from '../http/request-body.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'

/** Error codes of the protocol: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8707 §2, OIDC Core §3.1.2.6. */
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

/** What Microsoft said, where the refusal is Microsoft's. */
export interface MicrosoftErrorDetails {
  /** AADSTS number. */
  readonly aadsts?: number | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/**
 * An OAuth error response (RFC 6749 §5.2). Clients get it in place of an `EntradaFailure`, whose codes no OAuth
 * library knows. The header `Entrada-Error` carries such a code as well.
 */
export class OAuthFailure extends Error {
  override readonly name = 'OAuthFailure'
  readonly error: OAuthError
  /** `error_description`, for the client's developer: ASCII without quotation marks (RFC 6749 §5.2). */
  readonly description: string
  /** Sent as `Entrada-Error`. */
  readonly code: FailureCode
  readonly details: MicrosoftErrorDetails

  constructor(
    error: OAuthError,
    description: string,
    code: FailureCode = 'invalid_request',
    details: MicrosoftErrorDetails = {},
  ) {
    super(error)
    this.error = error
    this.description = description
    this.code = code
    this.details = details
  }
}

/** Parameters of a request, each given once at most (RFC 6749 §3.1). One without a value counts as omitted. */
export type Parameters = ReadonlyMap<string, string>

/** @throws OAuthFailure `invalid_request` */
export function readParameters(source: URLSearchParams): Parameters {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of source) {
    if (seen.has(name)) throw new OAuthFailure('invalid_request', 'A parameter was given twice.')
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/** @throws OAuthFailure `invalid_request` */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new OAuthFailure('invalid_request', `${name} is missing.`)
  return value
}

/**
 * Reads the form in a request's body.
 * @throws OAuthFailure `invalid_request`, EntradaFailure `body_too_large`
 */
export async function readFormParameters(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    throw new OAuthFailure('invalid_request', 'Expected application/x-www-form-urlencoded.')
  }
  return new URLSearchParams(await (await readBody(request)).text())
}

const WRONG_CREDENTIALS = 'The client is not known, or its secret is wrong.'

/**
 * Authenticates a client by `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1), not by both.
 * @param authorization the header `Authorization`
 * @throws OAuthFailure `invalid_client`, `invalid_request`
 */
export async function authenticateClient(
  authorization: string | null,
  parameters: Parameters,
  clients: readonly OidcClient[],
): Promise<OidcClient> {
  const candidates = authorization === null ? [readForm(parameters)] : readBasic(authorization)
  if (authorization !== null && parameters.has('client_secret')) {
    throw new OAuthFailure('invalid_request', 'The client sent its secret in two ways.')
  }
  const namedId = parameters.get('client_id')
  const matches = await Promise.all(
    candidates.map(async ({ id, secret }) => {
      const client = clients.find((one) => one.id === id && one.id === (namedId ?? id))
      // Digests are compared, so that the time of the comparison reveals nothing about the secret.
      const [sent, ...accepted] = await Promise.all(
        [secret, ...(client?.secrets ?? [])].map(sha256Of),
      )
      return accepted.includes(sent ?? '') ? client : undefined
    }),
  )
  const client = matches.find((one) => one !== undefined)
  if (client === undefined) {
    throw new OAuthFailure('invalid_client', WRONG_CREDENTIALS, 'client_refused')
  }
  return client
}

/** One reading of what a client sent. */
interface Credentials {
  readonly id: string
  readonly secret: string
}

function readForm(parameters: Parameters): Credentials {
  return { id: parameters.get('client_id') ?? '', secret: parameters.get('client_secret') ?? '' }
}

/**
 * Two readings of HTTP Basic credentials: form-encoded, as RFC 6749 §2.3.1 demands, and unencoded, as Authlib, arctic
 * and the MCP SDK send them. Both are always compared, so that the time reveals nothing about which one matched.
 */
function readBasic(authorization: string): readonly Credentials[] {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/.exec(decodeBase64(encoded)) ?? []
  return [
    { id: formDecode(id), secret: formDecode(secret) },
    { id, secret },
  ]
}

function decodeBase64(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}

/** Decodes a form-encoded text; an invalid one becomes empty, which is no client's secret. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}
