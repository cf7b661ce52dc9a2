import type { Context } from 'hono'
import { addressOf } from '../address.ts'
import type { EdgeEnv } from '../edge-env.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { isTopLevelNavigation } from '../navigation.ts'
import type { SessionView } from '../session/session.ts'
import { randomText } from '../stores/random-text.ts'
import {
  isRecent,
  readAsker,
  readRequest,
  type Asker,
  type AuthorizationRequest,
} from './authorization-request.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { readParameters } from './parameters.ts'
import { liveSession, type ProviderParts } from './provider-parts.ts'

/**
 * `GET /.entrada/oidc/authorize`: whoever is signed in here is signed in there. There is nothing to ask them: the
 * clients are the operator's own (OIDC Core §3.1.2).
 */
export async function authorize(c: Context<EdgeEnv>, parts: ProviderParts): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const asker = readAsker(searchParams, parts)
  try {
    const request = readRequest(readParameters(searchParams))
    return await answer(c, { parts, asker, request })
  } catch (cause) {
    if (!(cause instanceof OAuthRefusal)) throw cause
    return lead(c, parts, asker, { error: cause.error, error_description: cause.description })
  }
}

interface Asked {
  readonly parts: ProviderParts
  readonly asker: Asker
  readonly request: AuthorizationRequest
}

async function answer(c: Context<EdgeEnv>, asked: Asked): Promise<Response> {
  const { parts, asker, request } = asked
  const { sessions, grants } = parts
  const found = await liveSession(sessions, c.req.header('cookie') ?? null)
  const isRight =
    found !== null && isRecent(found.session, request) && (await isExpected(found.session, asked))
  if (!isRight) {
    if (request.prompts.includes('none')) {
      throw new OAuthRefusal('login_required', 'They are not signed in, or not recently enough.')
    }
    // Only a person opening a page may begin a sign-in.
    if (!isTopLevelNavigation(c.req.raw)) throw new EntradaFailure('session_required')
    return c.redirect(signInUrl(c, request, found !== null), 302)
  }
  const { session, cookie } = found
  await parts.countCode(session)
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

/** Whether it is the person whom the client means (OIDC Core §3.1.2.1, `id_token_hint`), if it means one. */
async function isExpected({ user }: SessionView, { parts, request }: Asked): Promise<boolean> {
  if (request.idTokenHint === null) return true
  const claims = await parts.verify(request.idTokenHint)
  return claims?.['iss'] === parts.issuer && claims['sub'] === user.id
}

/** Sign-in, and back here; without what demanded it, which would demand it again. */
function signInUrl(
  c: Context<EdgeEnv>,
  { loginHint }: AuthorizationRequest,
  isAnew: boolean,
): string {
  const again = new URL(c.req.url)
  for (const demand of ['prompt', 'max_age', 'id_token_hint']) again.searchParams.delete(demand)
  const returnTo = `${again.pathname}${again.search}`
  return addressOf(`${c.var.settings.publicOrigin}/.entrada/login`, {
    return_to: returnTo,
    login_hint: loginHint,
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
