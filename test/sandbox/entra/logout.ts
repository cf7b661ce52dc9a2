import { html } from 'hono/html'
import type { EntraWorld } from './entra-state.ts'
import { readLoginHint } from './accounts.ts'
import type { Authority } from './authority.ts'
import { NO_STORE } from './error-response.ts'
import { hiddenInputs, renderPage } from './page.ts'
import { platformOf } from './redirect-uris.ts'
import type { Step } from './step.ts'
import { accountButton } from './sign-in-page.ts'
import type { SignIn } from './sign-ins.ts'

/**
 * `/{tenant}/oauth2/v2.0/logout` (OpenID Connect RP-Initiated Logout 1.0). Without a hint it asks
 * which account to sign out, even when there is only one. Refresh tokens stay valid.
 */
export async function logout(
  world: EntraWorld,
  _authority: Authority,
  step: Step,
): Promise<Response> {
  const { parameters, browser } = step
  const { signIns } = world.entra
  const signedIn = signIns.of(browser.id)
  if (signedIn.length === 0) return leave(world, parameters, [])
  const meant = findMeant(world, signedIn, step)
  if (meant === null) return askWhichAccount(world, signedIn, step)
  signIns.end(meant.sid)
  return leave(world, parameters, meant.hasUsedApplication ? [meant] : [])
}

function findMeant(
  { entra, tenants }: EntraWorld,
  signedIn: readonly SignIn[],
  { request, parameters }: Step,
): SignIn | null {
  const chosen = request.method === 'POST' ? parameters.get('account') : null
  const hinted = readLoginHint(parameters.get('logout_hint') ?? '')
  const sid = entra.idTokens.get(parameters.get('id_token_hint') ?? '')
  return (
    signedIn.find((signIn) => {
      if (chosen !== null) return chosen === nameOf(signIn, tenants)
      return signIn.sid === sid || signIn.userId === hinted?.userId
    }) ?? null
  )
}

function nameOf({ tenantId, userId }: SignIn, tenants: EntraWorld['tenants']): string {
  const directory = tenants.find((tenant) => tenant.tenantId === tenantId)
  return directory?.person(userId)?.userPrincipalName ?? userId
}

function askWhichAccount(
  { tenants }: EntraWorld,
  signedIn: readonly SignIn[],
  { request, parameters }: Step,
): Promise<Response> {
  const tiles = signedIn.map((signIn) => {
    const name = nameOf(signIn, tenants)
    const [person] = tenants.flatMap((tenant) => tenant.person(signIn.userId) ?? [])
    return {
      userPrincipalName: name,
      name,
      displayName: person?.displayName ?? name,
      description: 'signed in',
    }
  })
  return renderPage({
    title: 'Sign out',
    content: html`<h1>Which account do you want to sign out of?</h1>
      <form method="post" action="${new URL(request.url).pathname}">
        ${hiddenInputs([...parameters].filter(([name]) => name !== 'account'))}
        ${tiles.map(accountButton)}
      </form>`,
  })
}

/** Notifies the application in a frame, with `sid` as the only parameter, then redirects. */
async function leave(
  { registration }: EntraWorld,
  parameters: URLSearchParams,
  ended: readonly SignIn[],
): Promise<Response> {
  const destination = destinationOf(parameters, registration)
  const notices = ended.flatMap(({ sid }) => {
    if (registration.frontChannelLogoutUrl === null) return []
    const notice = new URL(registration.frontChannelLogoutUrl)
    notice.searchParams.set('sid', sid)
    return notice
  })
  if (notices.length === 0 && destination !== null) {
    return new Response(null, { status: 302, headers: { ...NO_STORE, location: destination } })
  }
  return renderPage({
    title: 'Signed out',
    content: html`<h1>You are signed out</h1>
      <p>If others use this machine, close the browser.</p>
      ${destination === null ? '' : html`<p><a href="${destination}">Return to the application</a></p>`}
      ${notices.map(({ href }) => html`<iframe src="${href}" title="Sign-out notice"></iframe>`)}`,
    frames: notices.length === 0 ? ["'none'"] : notices.map(({ origin }) => origin),
    ...(destination === null ? {} : { leavesFor: destination }),
  })
}

/** Accepts only a registered redirect URI. Otherwise the person stays on the signed-out page. */
function destinationOf(
  parameters: URLSearchParams,
  registration: EntraWorld['registration'],
): string | null {
  const wanted = parameters.get('post_logout_redirect_uri')
  if (wanted === null || platformOf(wanted, registration) === null) return null
  const destination = new URL(wanted)
  const state = parameters.get('state')
  if (state !== null) destination.searchParams.append('state', state)
  return destination.href
}
