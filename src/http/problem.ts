import { CONSENT_PATH, LOGIN_PATH, OWN_PREFIX, PICKER_PATH } from '../paths.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { Log } from '../log.ts'
import { type FailureFacts, failurePage } from '../pages/failure-page.ts'
import type { Settings } from '../settings/settings.ts'
import { withParameters } from '../url.ts'
import { isForFrame, isTopLevelNavigation, navigationOf } from './fetch-metadata.ts'

/** Longest path and query to come back to, in characters. */
export const RETURN_PATH_LIMIT = 2048

/** Would lead to themselves, for a request that may not begin a sign-in. */
const BEGINNINGS: ReadonlySet<string> = new Set([LOGIN_PATH, CONSENT_PATH])

/**
 * A page load that lacks a session is led to sign-in and comes back to its own address; `null` for any other
 * request, which is told, because a script would take a redirect for its answer.
 */
export function signInRedirect(
  { code, details }: EntradaFailure,
  request: Request,
  publicOrigin: string,
): Response | null {
  if (code !== 'session_required' || !isTopLevelNavigation(request)) return null
  const url = new URL(request.url)
  if (details.returnTo === undefined && BEGINNINGS.has(url.pathname)) return null
  const login = withParameters(`${publicOrigin}${LOGIN_PATH}`, {
    return_to: details.returnTo ?? returnPathOf(url),
  })
  return new Response(null, { status: 302, headers: { location: login.href } })
}

/**
 * A return path to an address. A backslash, which the URL parser leaves in a query and a return path may not
 * hold, is escaped; where it would be too long, the query stays behind.
 */
export function returnPathOf({ pathname, search }: URL): string {
  const path = `${pathname}${search.replaceAll('\\', '%5C')}`
  return path.length > RETURN_PATH_LIMIT ? pathname : path
}

/**
 * Every 401 names a way in (RFC 9110 §15.5.2). No browser knows this scheme, so none shows a password prompt.
 */
export const CHALLENGE = { 'www-authenticate': 'Entrada realm="Entrada"' }

const NO_SESSION = 'You are not signed in, or your session has ended.'

export interface ProblemContext {
  readonly request: Request
  readonly requestId: string
  /** Origin of every generated URL; `null` while the configuration is bad. */
  readonly publicOrigin: string | null
  /** Never led back to: its query holds a code. */
  readonly callbackPath: string | null
}

/** Says it to the person or to the program that asked: a page for navigations, problem+json (RFC 9457) otherwise. */
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

/** The picker is the one page of ours that lives in a frame; a problem document would be shown there as it is. */
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
  // An answer of the sign-in service is good once: trying again means signing in again, not loading it again.
  const isSpent = turn === 'wait' && details.returnTo !== undefined
  const isOther = turn === 'switch_account' || code === 'not_a_member' || code === 'no_address'
  // Whoever cannot get in may try again, or with another account: without a way to change, Entra's single sign-on
  // leads back to the same refusal for ever.
  const leadsBack = turn === 'sign_in' || isOther || code === 'membership_unknown' || isSpent
  if (context.publicOrigin === null || !leadsBack) return undefined
  return withParameters(`${context.publicOrigin}${LOGIN_PATH}`, {
    return_to: details.returnTo ?? returnToOf(context),
    step_up: code === 'interaction_required' ? '1' : null,
    account: isOther ? 'other' : null,
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
 * Where signing in should lead back to: the page the person is on. For a navigation that is the request
 * itself; for a script's request its referrer, because nobody wants to land on an API answer.
 */
function returnToOf({ request, publicOrigin, callbackPath }: ProblemContext): string | null {
  const isDocument = navigationOf(request) === 'document'
  const text = isDocument ? request.url : request.headers.get('referer')
  if (text === null || !URL.canParse(text)) return null
  const url = new URL(text)
  if (!isDocument && url.origin !== publicOrigin) return null
  // A page of ours that was loaded is one to come back to; one that only sent a request may not be.
  const isOurs = url.pathname.startsWith(`${OWN_PREFIX}/`)
  if ((isOurs && !isDocument) || url.pathname === callbackPath) return null
  return returnPathOf(url)
}

/** Defaults for our own responses; a route that knows better has set its own. */
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

/** Whatever breaks, the request does not reach the chat, and the answer has one shape. */
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
