import { sha256Of } from '../stores/digest.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import { OAuthFailure } from './oauth-refusal.ts'
import type { Parameters } from './parameters.ts'

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
