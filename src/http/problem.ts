import { CONSENT_PATH, LOGIN_PATH, OWN_PREFIX, PICKER_PATH } from '../paths.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { Log } from '../log.ts'
import { type FailureFacts, failurePage } from '../pages/failure-page.ts'
import type { Settings } from '../settings/settings.ts'
import { withParameters } from '../url.ts'
import { isForFrame, isTopLevelNavigation, navigationOf } from './request-metadata.ts'

/** Longest return path with query, in characters. */
export const MAX_RETURN_PATH = 2048

/** Pages that begin a sign-in. Returning to them without a session would loop. */
const SIGN_IN_PATHS: ReadonlySet<string> = new Set([LOGIN_PATH, CONSENT_PATH])

/**
 * Redirects a page load without a session to sign-in, with its own address to return to. `null` for any other
 * request, because a script would take the redirect for its response.
 */
export function signInRedirect(
  { code, details }: EntradaFailure,
  request: Request,
  publicOrigin: string,
): Response | null {
  if (code !== 'session_required' || !isTopLevelNavigation(request)) return null
  const url = new URL(request.url)
  if (details.returnTo === undefined && SIGN_IN_PATHS.has(url.pathname)) return null
  const login = withParameters(`${publicOrigin}${LOGIN_PATH}`, {
    return_to: details.returnTo ?? returnPathOf(url),
  })
  return new Response(null, { status: 302, headers: { location: login.href } })
}

/**
 * Makes the return path of an address. Backslashes are escaped: the URL parser leaves them in a query, and a return
 * path must not contain any. A path that would be too long loses its query.
 */
export function returnPathOf({ pathname, search }: URL): string {
  const path = `${pathname}${search.replaceAll('\\', '%5C')}`
  return path.length > MAX_RETURN_PATH ? pathname : path
}

/** Header of every 401 (RFC 9110 §15.5.2). Browsers do not know this scheme, so they show no password prompt. */
export const CHALLENGE = { 'www-authenticate': 'Entrada realm="Entrada"' }

const NO_SESSION = 'You are not signed in, or your session has ended.'

/** What the description of a failure depends on. */
export interface ProblemContext {
  readonly request: Request
  readonly requestId: string
  /** Origin of every generated URL; `null` while the configuration is bad. */
  readonly publicOrigin: string | null
  /** Never used as a return path: its query contains an authorization code. */
  readonly callbackPath: string | null
}

/** Renders a failure: a page for navigations, `application/problem+json` (RFC 9457) for programs. */
export async function renderFailure(
  failure: EntradaFailure,
  context: ProblemContext,
): Promise<Response> {
  const facts = factsOf(failure, context)
  const { turn: _, ...members } = facts
  const headers = {
    'cache-control': 'no-store',
    'entrada-error': failure.code,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(failure.status === 401 ? CHALLENGE : {}),
    ...failure.details.headers,
    ...(facts.retryAfter === undefined ? {} : { 'retry-after': String(facts.retryAfter) }),
  }
  const navigation = navigationOf(context.request)
  const isFramed = isOwnFrame(context.request)
  if (navigation !== 'background' || isFramed) {
    return failurePage(facts, { headers, formWasSent: navigation === 'form', isFramed })
  }
  return new Response(JSON.stringify(members), {
    status: failure.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/** Whether the picker was requested for a frame, where the browser would show a problem document as text. */
function isOwnFrame(request: Request): boolean {
  return isForFrame(request) && new URL(request.url).pathname === PICKER_PATH
}

function factsOf(failure: EntradaFailure, context: ProblemContext): FailureFacts {
  const { code } = failure
  const { detail, retryAfter, aadsts, correlationId, helpUrl } = failure.details
  return {
    type: `urn:entrada:problem:${code}`,
    ...FAILURES[code],
    code,
    detail: detail ?? (code === 'session_required' ? NO_SESSION : undefined),
    requestId: context.requestId,
    loginUrl: loginOf(failure, context),
    retryAfter: retryAfter === undefined ? undefined : Math.max(1, Math.ceil(retryAfter)),
    aadsts,
    correlationId,
    consentUrl: consentOf(failure, context),
    helpUrl,
  }
}

function loginOf({ code, details }: EntradaFailure, context: ProblemContext): string | undefined {
  const { turn } = FAILURES[code]
  // A response of the sign-in service can be used once, so trying again means signing in again.
  const needsNewSignIn = turn === 'wait' && details.returnTo !== undefined
  const needsOtherAccount =
    turn === 'switch_account' || code === 'not_a_member' || code === 'no_address'
  // A refused user needs a way to choose another account. Without one, Entra's single sign-on leads to the same
  // refusal again.
  const offersSignIn =
    turn === 'sign_in' || needsOtherAccount || code === 'membership_unknown' || needsNewSignIn
  if (context.publicOrigin === null || !offersSignIn) return undefined
  return withParameters(`${context.publicOrigin}${LOGIN_PATH}`, {
    return_to: details.returnTo ?? returnToOf(context),
    step_up: code === 'interaction_required' ? '1' : null,
    account: needsOtherAccount ? 'other' : null,
  }).href
}

function consentOf({ code, details }: EntradaFailure, context: ProblemContext): string | undefined {
  const { consentFeature: feature, consentResource: resource } = details
  if (context.publicOrigin === null || feature === undefined) return undefined
  return withParameters(`${context.publicOrigin}${CONSENT_PATH}`, {
    feature,
    resource,
    admin: code === 'admin_consent_required' ? '1' : null,
    return_to: details.returnTo ?? returnToOf(context),
  }).href
}

/**
 * Finds the page to return to after sign-in. For a navigation it is the request itself; for a script's request its
 * referrer, because its response is no page.
 */
function returnToOf({ request, publicOrigin, callbackPath }: ProblemContext): string | null {
  const isDocument = navigationOf(request) === 'document'
  const text = isDocument ? request.url : request.headers.get('referer')
  if (text === null || !URL.canParse(text)) return null
  const url = new URL(text)
  if (!isDocument && url.origin !== publicOrigin) return null
  // A page of ours can be returned to when it was loaded, not when it only sent a request.
  const isOurs = url.pathname.startsWith(`${OWN_PREFIX}/`)
  if ((isOurs && !isDocument) || url.pathname === callbackPath) return null
  return returnPathOf(url)
}

/** Adds security headers to a response of ours where the route has not set them. */
export function harden(headers: Headers, { isLoopback }: Settings): void {
  const defaults = {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(isLoopback ? {} : { 'strict-transport-security': 'max-age=31536000' }),
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}

/** Turns anything thrown into a response, and logs it. Errors other than `EntradaFailure` are `internal`. */
export async function respondWithFailure(
  cause: unknown,
  request: Request,
  settings: Settings,
  log: Log,
): Promise<Response> {
  const failure =
    cause instanceof EntradaFailure ? cause : new EntradaFailure('internal', { cause })
  const { publicOrigin, callbackPath } = settings
  const redirect = signInRedirect(failure, request, publicOrigin)
  if (redirect !== null) {
    harden(redirect.headers, settings)
    return redirect
  }
  const { code, details } = failure
  const fields = { code, reason: details.reason, ...details.facts }
  if (failure.status >= 500) log.error('request_failed', failure.cause, fields)
  else log.info('request_refused', fields)
  const response = await renderFailure(failure, {
    request,
    requestId: log.requestId,
    publicOrigin,
    callbackPath,
  })
  harden(response.headers, settings)
  return response
}
