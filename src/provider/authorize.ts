import { LOGIN_PATH, SIGNED_OUT_PATH } from '../paths.ts'
import type { Context } from 'hono'
import { randomText } from '../crypto/web-crypto.ts'
import { EntradaFailure } from '../failure.ts'
import type { EdgeEnv } from '../http/env.ts'
import { isTopLevelNavigation } from '../http/request-metadata.ts'
import { formPostPage, signOutPage } from '../pages/pages.ts'
import type { SessionView } from '../session/session.ts'
import { withParameters } from '../url.ts'
import {
  AUTH_TIME_PARAMETER,
  type ClientAuthorizationRequest,
  meetsAuthTime,
  readClientAuthorizationRequest,
  readRequestingClient,
  type RequestingClient,
  SUBJECT_PARAMETER,
} from './authorization-request.ts'
import { OAuthFailure, readParameters } from './oauth-request.ts'
import type { ProviderDeps } from './provider.ts'

/**
 * `GET /.entrada/oidc/authorize` (OpenID Connect Core §3.1.2): gives a client a code for the browser's session.
 * There is no consent page, because the clients are the operator's own. Without a session, sign-in comes first.
 * @throws EntradaFailure `invalid_request` for an unknown client or redirect URI, `session_required` for a request
 *   that is no page load, `rate_limited`
 */
export async function authorizationEndpoint(
  c: Context<EdgeEnv>,
  deps: ProviderDeps,
): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const client = readRequestingClient(searchParams, deps)
  try {
    const request = readClientAuthorizationRequest(readParameters(searchParams))
    return await issueCode(c, { deps, client, request })
  } catch (cause) {
    if (!(cause instanceof OAuthFailure)) throw cause
    return respondToClient(c, deps, client, {
      error: cause.error,
      error_description: cause.description,
    })
  }
}

interface ValidRequest {
  readonly deps: ProviderDeps
  readonly client: RequestingClient
  readonly request: ClientAuthorizationRequest
}

async function issueCode(c: Context<EdgeEnv>, valid: ValidRequest): Promise<Response> {
  const { deps, client, request } = valid
  const { sessions, grants } = deps
  const subject = await requestedSubjectOf(valid)
  const found = await sessions.findWithKey(c.req.header('cookie') ?? null, c.var.log)
  const needs = found === null ? NO_NEEDS : needsOf(found.session, request, subject)
  if (found === null || needs.reauthentication || needs.otherPerson || needs.accountChoice) {
    assertSignInHelps(valid, needs, found?.session ?? null)
    // Only a person who opens a page can sign in.
    if (!isTopLevelNavigation(c.req.raw)) throw new EntradaFailure('session_required')
    return c.redirect(signInUrl(c, request, { ...needs, subject }), 302)
  }
  const { session, key } = found
  await deps.countCode(session)
  const { scopes, nonce, codeChallenge } = request
  const granted = await sessions.grant(key)
  // The session has ended since it was found.
  if (granted === null) throw new EntradaFailure('session_required')
  const code = await grants.sealCode({
    ...granted,
    id: randomText(18),
    clientId: client.clientId,
    scopes,
    redirectUri: client.redirectUri,
    codeChallenge,
    nonce,
  })
  const { id, tenantId } = session.user
  c.var.log.audit('oidc_code_issued', {
    userId: id,
    tenantId,
    clientId: client.clientId,
  })
  return respondToClient(c, deps, client, { code })
}

/** Why a session does not satisfy a request: what another sign-in must provide. */
interface SignInNeeds {
  /** The person authenticated longer ago than the client accepts. */
  readonly reauthentication: boolean
  /** The session is another person's. */
  readonly otherPerson: boolean
  /** The client wants the person to choose an account. */
  readonly accountChoice: boolean
}

/** Without a session nothing is demanded of the sign-in: the service may recognise the browser by itself. */
const NO_NEEDS: SignInNeeds = { reauthentication: false, otherPerson: false, accountChoice: false }

function needsOf(
  session: SessionView,
  request: ClientAuthorizationRequest,
  subject: string | null,
): SignInNeeds {
  return {
    reauthentication: !meetsAuthTime(session, request),
    otherPerson: subject !== null && session.user.id !== subject,
    accountChoice: request.prompts.includes('select_account'),
  }
}

/**
 * Refuses where another sign-in is not wanted, or has been tried and did not help.
 * @throws OAuthFailure `login_required`
 */
function assertSignInHelps(
  { request }: ValidRequest,
  needs: SignInNeeds,
  session: SessionView | null,
): void {
  if (request.prompts.includes('none')) {
    throw new OAuthFailure('login_required', 'The person is not signed in, or not recently enough.')
  }
  if (needs.reauthentication && request.wasAskedToSignIn) {
    const reason =
      session?.authenticatedAt === null
        ? 'The sign-in service does not send auth_time, an optional claim.'
        : 'The person did not authenticate again.'
    throw new OAuthFailure('login_required', reason)
  }
  if (needs.otherPerson && request.requestedSubject !== null) {
    throw new OAuthFailure('login_required', 'Another person signed in.')
  }
}

/**
 * `sub` of the person whom the client means (OpenID Connect Core §3.1.2.1, `id_token_hint`); `null` for anybody.
 * @throws OAuthFailure `invalid_request`
 */
async function requestedSubjectOf({ deps, request }: ValidRequest): Promise<string | null> {
  if (request.idTokenHint === null) return request.requestedSubject
  const claims = await deps.verify(request.idTokenHint)
  const subject = claims?.['sub']
  if (claims?.['iss'] !== deps.issuer || typeof subject !== 'string') {
    throw new OAuthFailure('invalid_request', 'id_token_hint is not an id token of this issuer.')
  }
  return subject
}

/**
 * The address of the sign-in, which returns to this request. `prompt`, `max_age` and `id_token_hint` are replaced by
 * what the sign-in has to meet, so that they do not demand a sign-in again and again.
 */
function signInUrl(
  c: Context<EdgeEnv>,
  { loginHint, prompts, minAuthTimeSeconds, wasAskedToSignIn }: ClientAuthorizationRequest,
  needs: SignInNeeds & { readonly subject: string | null },
): string {
  const again = new URL(c.req.url)
  for (const demand of ['prompt', 'id_token_hint']) again.searchParams.delete(demand)
  const reauthenticate = needs.reauthentication || wasAskedToSignIn || prompts.includes('login')
  if (reauthenticate && minAuthTimeSeconds !== null && !wasAskedToSignIn) {
    again.searchParams.delete('max_age')
    again.searchParams.set(AUTH_TIME_PARAMETER, `${minAuthTimeSeconds}`)
  }
  if (needs.subject !== null) again.searchParams.set(SUBJECT_PARAMETER, needs.subject)
  return withParameters(`${c.var.settings.publicOrigin}${LOGIN_PATH}`, {
    return_to: `${again.pathname}${again.search}`,
    login_hint: loginHint,
    fresh: reauthenticate ? '1' : null,
    account: needs.otherPerson || needs.accountChoice ? 'other' : null,
  }).href
}

/** The authorization response (RFC 6749 §4.1.2), with `iss` against mix-up attacks (RFC 9207). */
async function respondToClient(
  c: Context<EdgeEnv>,
  { issuer }: ProviderDeps,
  { redirectUri }: RequestingClient,
  result: Readonly<Record<string, string>>,
): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const state = searchParams.get('state')
  const fields = { ...result, ...(state === null ? {} : { state }), iss: issuer }
  if (searchParams.get('response_mode') === 'form_post') return formPostPage(redirectUri, fields)
  return c.redirect(withParameters(redirectUri, fields).href, 302)
}

/**
 * `GET /.entrada/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0). A hint of this very session shows that the
 * chat asks: only the chat has that id token. Without one, any site could sign people out by a link, so that the person
 * is asked. Ends on our own page: `post_logout_redirect_uri` would lead to the chat, which would sign in again.
 * @param hint `id_token_hint`
 */
export async function endSessionEndpoint(
  c: Context<EdgeEnv>,
  hint: string | undefined,
  deps: ProviderDeps,
): Promise<Response> {
  const found = await deps.sessions.findWithKey(c.req.header('cookie') ?? null, c.var.log)
  if (found === null) return c.redirect(SIGNED_OUT_PATH, 303)
  const claims = hint === undefined ? null : await deps.verify(hint)
  if (claims?.['iss'] !== deps.issuer || claims['sid'] !== found.session.id) {
    return signOutPage(c.var.settings.issuer.authority.origin)
  }
  return deps.signOut(c)
}
