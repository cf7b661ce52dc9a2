import type { Context } from 'hono'
import { addressOf } from '../address.ts'
import type { EdgeEnv } from '../edge-env.ts'
import { epochSeconds } from '../epoch-seconds.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { isTopLevelNavigation } from '../navigation.ts'
import type { SessionView } from '../session/session.ts'
import { randomText } from '../stores/random-text.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { readParameters, type Parameters } from './parameters.ts'
import { liveSession, type ProviderParts } from './provider-parts.ts'

export const SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** BASE64URL of SHA-256 (RFC 7636 §4.2). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** An answer may be led to the client only once it is known that the address is the client's. */
interface Asker {
  readonly clientId: string
  readonly redirectUri: string
}

/**
 * `GET /.entrada/oidc/authorize`: whoever is signed in here is signed in there. There is nothing to ask them: the
 * clients are the operator's own (OIDC Core §3.1.2).
 */
export async function authorize(c: Context<EdgeEnv>, parts: ProviderParts): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const asker = readAsker(searchParams, parts)
  try {
    return await answer(c, { parts, asker, parameters: readParameters(searchParams) })
  } catch (cause) {
    if (!(cause instanceof OAuthRefusal)) throw cause
    return lead(c, parts, asker, { error: cause.error, error_description: cause.description })
  }
}

interface Asked {
  readonly parts: ProviderParts
  readonly asker: Asker
  readonly parameters: Parameters
}

async function answer(c: Context<EdgeEnv>, asked: Asked): Promise<Response> {
  const { parts, asker, parameters } = asked
  const request = readRequest(parameters)
  const { sessions, grants } = parts
  const found = await liveSession(sessions, c.req.header('cookie') ?? null)
  if (found === null || !isRecent(found.session, parameters)) {
    if (request.prompts.includes('none')) {
      throw new OAuthRefusal('login_required', 'Nobody is signed in, or not recently enough.')
    }
    // Only a person opening a page may begin a sign-in.
    if (!isTopLevelNavigation(c.req.raw)) throw new EntradaFailure('session_required')
    return c.redirect(signInUrl(c, found !== null), 302)
  }
  const { session, cookie } = found
  const { scopes, nonce, codeChallenge } = request
  const code = await grants.code({
    id: randomText(18),
    clientId: asker.clientId,
    sessionCookie: cookie,
    scopes,
    redirectUri: asker.redirectUri,
    codeChallenge,
    nonce,
  })
  const { id, tenantId } = session.user
  createLog(c.var.requestId).audit('oidc_code_issued', {
    userId: id,
    tenantId,
    clientId: asker.clientId,
  })
  return lead(c, parts, asker, { code })
}

/**
 * Neither is believed before both are: a mistake in one of them is shown here, and led nowhere (RFC 9700 §4.11).
 * @throws EntradaFailure `invalid_request`
 */
function readAsker(given: URLSearchParams, { clients }: ProviderParts): Asker {
  const only = (name: string) => {
    const [value, ...others] = given.getAll(name)
    return others.length > 0 ? undefined : value
  }
  const client = clients.find(({ id }) => id === only('client_id'))
  const redirectUri = client?.redirectUris.find((uri) => uri === only('redirect_uri'))
  if (client === undefined || redirectUri === undefined) {
    throw new EntradaFailure('invalid_request', {
      detail: `${client === undefined ? 'client_id' : 'redirect_uri'} is not one of OIDC_CLIENTS.`,
    })
  }
  return { clientId: client.id, redirectUri }
}

/** @throws OAuthRefusal */
function readRequest(parameters: Parameters) {
  for (const name of ['request', 'request_uri'] as const) {
    if (parameters.has(name)) {
      throw new OAuthRefusal(`${name}_not_supported`, 'Send the parameters themselves.')
    }
  }
  if (parameters.get('response_type') !== 'code') {
    throw new OAuthRefusal('unsupported_response_type', 'The one response_type is code.')
  }
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthRefusal('invalid_request', 'The one response_mode is query.')
  }
  const scopes = words(parameters.get('scope')).filter((scope) => SCOPES.includes(scope))
  if (!scopes.includes('openid')) {
    throw new OAuthRefusal('invalid_scope', 'scope has to contain openid.')
  }
  const prompts = words(parameters.get('prompt'))
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthRefusal('invalid_request', 'prompt=none stands alone.')
  }
  const nonce = parameters.get('nonce') ?? null
  return { scopes, prompts, nonce, codeChallenge: readChallenge(parameters) }
}

/** @throws OAuthRefusal `invalid_request` */
function readChallenge(parameters: Parameters): string | null {
  const challenge = parameters.get('code_challenge')
  // Without a method it would be `plain`, which protects from nothing (RFC 9700 §2.1.1).
  const isS256 = parameters.get('code_challenge_method') === 'S256'
  if (challenge === undefined && !parameters.has('code_challenge_method')) return null
  if (challenge === undefined || !isS256 || !CHALLENGE.test(challenge)) {
    throw new OAuthRefusal('invalid_request', 'code_challenge has to be of the method S256.')
  }
  return challenge
}

/** Whether the sign-in is as fresh as the client wants it. */
function isRecent({ createdAt }: SessionView, parameters: Parameters): boolean {
  const prompts = words(parameters.get('prompt'))
  if (prompts.includes('login') || prompts.includes('select_account')) return false
  const maxAge = parameters.get('max_age')
  if (maxAge === undefined) return true
  if (!/^\d{1,9}$/.test(maxAge)) {
    throw new OAuthRefusal('invalid_request', 'max_age is not a number of seconds.')
  }
  return epochSeconds() - createdAt <= Number(maxAge)
}

/** Sign-in, and back here; without what demanded it, which would demand it again. */
function signInUrl(c: Context<EdgeEnv>, isAnew: boolean): string {
  const again = new URL(c.req.url)
  again.searchParams.delete('prompt')
  again.searchParams.delete('max_age')
  const returnTo = `${again.pathname}${again.search}`
  return addressOf(`${c.var.settings.publicOrigin}/.entrada/login`, {
    return_to: returnTo,
    account: isAnew ? 'other' : null,
  }).href
}

/** Back to the client, with `iss` against mix-up (RFC 9207). */
function lead(
  c: Context<EdgeEnv>,
  { issuer }: ProviderParts,
  { redirectUri }: Asker,
  given: Readonly<Record<string, string>>,
): Response {
  const state = new URL(c.req.url).searchParams.getAll('state')
  const url = addressOf(redirectUri, { ...given, state: state[0], iss: issuer })
  return c.redirect(url.href, 302)
}

function words(text = ''): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}
