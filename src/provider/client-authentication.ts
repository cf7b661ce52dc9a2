import { digestOf } from '../stores/digest.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
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
  const [id, secret] = authorization === null ? readForm(parameters) : readBasic(authorization)
  if (authorization !== null && parameters.has('client_secret')) {
    throw new OAuthRefusal('invalid_request', 'The client authenticates in two ways.')
  }
  const stated = parameters.get('client_id') ?? id
  const client = clients.find((one) => one.id === id && one.id === stated)
  // Digests, so that the time a comparison takes says nothing about the secret.
  const [given, ...known] = await Promise.all([secret, ...(client?.secrets ?? [])].map(digestOf))
  if (client === undefined || !known.some((one) => one === given)) {
    throw new OAuthRefusal('invalid_client', REFUSAL, 'client_refused')
  }
  return client
}

function readForm(parameters: Parameters): readonly [id: string, secret: string] {
  return [parameters.get('client_id') ?? '', parameters.get('client_secret') ?? '']
}

/** Both parts are form-encoded before they are joined, which is what most libraries do and some forget. */
function readBasic(authorization: string): readonly [id: string, secret: string] {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  try {
    const [, id = '', secret = ''] = /^([^:]*):(.*)$/.exec(atob(encoded)) ?? []
    return [decode(id), decode(secret)]
  } catch {
    throw new OAuthRefusal('invalid_client', REFUSAL, 'client_refused')
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
