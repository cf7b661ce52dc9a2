import type { Context } from 'hono'
import { randomText } from '../crypto/digest.ts'
import { EntradaFailure } from '../failure.ts'
import type { EdgeEnv } from '../http/env.ts'
import { isTopLevelNavigation } from '../http/fetch-metadata.ts'
import { formPostPage, signOutPage } from '../pages/pages.ts'
import type { SessionView } from '../session/session.ts'
import { withParameters } from '../url.ts'
import {
  ASKED_SINCE,
  ASKED_SUBJECT,
  type ClientAuthorizationRequest,
  isFresh,
  readClientAuthorizationRequest,
  readRequestingClient,
  type RequestingClient,
} from './authorization-request.ts'
import { OAuthFailure, readParameters } from './oauth-request.ts'
import type { ProviderDeps } from './provider.ts'

/**
 * `GET /.entrada/oidc/authorize`: whoever is signed in here is signed in there. There is nothing to ask them: the
 * clients are the operator's own (OIDC Core §3.1.2).
 */
export async function authorize(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const asker = readRequestingClient(searchParams, deps)
  try {
    const request = readClientAuthorizationRequest(readParameters(searchParams))
    return await answer(c, { deps, asker, request })
  } catch (cause) {
    if (!(cause instanceof OAuthFailure)) throw cause
    return lead(c, deps, asker, { error: cause.error, error_description: cause.description })
  }
}

interface Asked {
  readonly deps: ProviderDeps
  readonly asker: RequestingClient
  readonly request: ClientAuthorizationRequest
}

async function answer(c: Context<EdgeEnv>, asked: Asked): Promise<Response> {
  const { deps, asker, request } = asked
  const { sessions, grants } = deps
  const subject = await expectedSubject(asked)
  const found = await sessions.findWithKey(c.req.header('cookie') ?? null, c.var.log)
  const lacks = found === null ? NOBODY : shortcomings(found.session, request, subject)
  if (found === null || lacks.freshness || lacks.person || lacks.choice) {
    refuseIfFutile(asked, lacks, found?.session ?? null)
    // Only a person opening a page may begin a sign-in.
    if (!isTopLevelNavigation(c.req.raw)) throw new EntradaFailure('session_required')
    return c.redirect(signInUrl(c, request, { ...lacks, subject }), 302)
  }
  const { session, key } = found
  await deps.countCode(session)
  const { scopes, nonce, codeChallenge } = request
  const granted = await sessions.grant(key)
  // It has ended since it was found.
  if (granted === null) throw new EntradaFailure('session_required')
  const code = await grants.code({
    ...granted,
    id: randomText(18),
    clientId: asker.clientId,
    scopes,
    redirectUri: asker.redirectUri,
    codeChallenge,
    nonce,
  })
  const { id, tenantId } = session.user
  c.var.log.audit('oidc_code_issued', {
    userId: id,
    tenantId,
    clientId: asker.clientId,
  })
  return lead(c, deps, asker, { code })
}

/** What keeps a session from being an answer to a request. */
interface Shortcomings {
  /** They authenticated too long ago. */
  readonly freshness: boolean
  /** It is somebody else's. */
  readonly person: boolean
  /** They have not chosen their account. */
  readonly choice: boolean
}

/** Whoever is not signed in may be known to the sign-in service, which then decides by itself. */
const NOBODY: Shortcomings = { freshness: false, person: false, choice: false }

function shortcomings(
  session: SessionView,
  request: ClientAuthorizationRequest,
  subject: string | null,
): Shortcomings {
  return {
    freshness: !isFresh(session, request),
    person: subject !== null && session.user.id !== subject,
    choice: request.prompts.includes('select_account'),
  }
}

/**
 * Ends what another sign-in would not mend.
 * @throws OAuthRefusal `login_required`
 */
function refuseIfFutile(
  { request }: Asked,
  lacks: Shortcomings,
  session: SessionView | null,
): void {
  if (request.prompts.includes('none')) {
    throw new OAuthFailure('login_required', 'They are not signed in, or not recently enough.')
  }
  if (lacks.freshness && request.wasAsked) {
    const reason =
      session?.authenticatedAt === null
        ? 'The sign-in service does not say when they authenticated (optional claim auth_time).'
        : 'They did not authenticate again.'
    throw new OAuthFailure('login_required', reason)
  }
  if (lacks.person && request.askedSubject !== null) {
    throw new OAuthFailure('login_required', 'Somebody else signed in.')
  }
}

/**
 * `sub` of the person whom the client means (OIDC Core §3.1.2.1, `id_token_hint`), `null` if it means anybody.
 * @throws OAuthRefusal `invalid_request`
 */
async function expectedSubject({ deps, request }: Asked): Promise<string | null> {
  if (request.idTokenHint === null) return request.askedSubject
  const claims = await deps.verify(request.idTokenHint)
  const subject = claims?.['sub']
  if (claims?.['iss'] !== deps.issuer || typeof subject !== 'string') {
    throw new OAuthFailure('invalid_request', 'id_token_hint is not an id token of this issuer.')
  }
  return subject
}

/** Sign-in, and back here with what it had to bring in place of what demanded it. */
function signInUrl(
  c: Context<EdgeEnv>,
  { loginHint, prompts, since, wasAsked }: ClientAuthorizationRequest,
  lacks: Shortcomings & { readonly subject: string | null },
): string {
  const again = new URL(c.req.url)
  for (const demand of ['prompt', 'id_token_hint']) again.searchParams.delete(demand)
  const needsFreshness = lacks.freshness || wasAsked || prompts.includes('login')
  if (needsFreshness && since !== null && !wasAsked) {
    again.searchParams.delete('max_age')
    again.searchParams.set(ASKED_SINCE, `${since}`)
  }
  if (lacks.subject !== null) again.searchParams.set(ASKED_SUBJECT, lacks.subject)
  return withParameters(`${c.var.settings.publicOrigin}/.entrada/login`, {
    return_to: `${again.pathname}${again.search}`,
    login_hint: loginHint,
    fresh: needsFreshness ? '1' : null,
    account: lacks.person || lacks.choice ? 'other' : null,
  }).href
}

/** Back to the client in the response mode it asked for, with `iss` against mix-up (RFC 9207). */
async function lead(
  c: Context<EdgeEnv>,
  { issuer }: ProviderDeps,
  { redirectUri }: RequestingClient,
  given: Readonly<Record<string, string>>,
): Promise<Response> {
  const { searchParams } = new URL(c.req.url)
  const state = searchParams.get('state')
  const fields = { ...given, ...(state === null ? {} : { state }), iss: issuer }
  if (searchParams.get('response_mode') === 'form_post') return formPostPage(redirectUri, fields)
  return c.redirect(withParameters(redirectUri, fields).href, 302)
}

/**
 * `GET /.entrada/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0). The hint shows that the chat wants it: an
 * id token of this very session, which nobody else has. Without one any site could sign people out with a link, so
 * the person is asked. It ends on our own page: `post_logout_redirect_uri` would lead to the chat, and the chat
 * straight back into a sign-in.
 */
export async function endSession(
  c: Context<EdgeEnv>,
  hint: string | undefined,
  deps: ProviderDeps,
): Promise<Response> {
  const found = await deps.sessions.findWithKey(c.req.header('cookie') ?? null, c.var.log)
  if (found === null) return c.redirect('/.entrada/signed-out', 303)
  const claims = hint === undefined ? null : await deps.verify(hint)
  if (claims?.['iss'] !== deps.issuer || claims['sid'] !== found.session.id) {
    return signOutPage(c.var.settings.issuer.authority.origin)
  }
  return deps.signOut(c)
}
