import { LOGIN_PATH, LOGOUT_PATH } from '../paths.ts'
import { html } from 'hono/html'
import { RENEWED_SCRIPT } from '../browser/generated/renewed.ts'
import { button, renderCard } from './page.ts'

/** One thing that was looked at. */
export interface CheckPageRow {
  /** Stable, for programs; shown with spaces. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found. */
  readonly detail: string
  /** What to do about it. */
  readonly fix?: string
}

const STYLE =
  '.card{max-width:42rem}.facts{margin-top:1rem;padding-top:1rem}p{overflow-wrap:anywhere}h2{font-size:1rem;color:var(--ink)}h2 b{display:inline-block;min-width:5rem;color:var(--stop)}[data-status=ok] b{color:var(--done)}[data-status=skipped] b{color:var(--soft)}'

/** The set-up check for whoever looks at it in a browser; programs get the same as JSON. */
export function checkPage(ok: boolean, checks: readonly CheckPageRow[]): Promise<Response> {
  const title = ok ? 'The set-up holds' : 'The set-up does not hold'
  const content = checks.map(
    ({ name, status, detail, fix }) =>
      html`<section class="facts">
        <h2 data-status="${status}"><b>${status}</b> ${name.replaceAll('_', ' ')}</h2>
        <p>${detail}</p>
        ${fix === undefined ? '' : html`<p class="soft">${fix}</p>`}
      </section>`,
  )
  const again = html`<p class="actions">${button('', 'Check again')}</p>`
  return renderCard(html`${content}${again}`, { title, tone: ok ? 'done' : 'stop', style: STYLE })
}

/**
 * Where signing in again in a window of its own ends: it tells the other tabs of this origin and closes itself.
 * Browsers close only what a script has opened, so it says what to do where it stays.
 */
export function renewedPage(): Promise<Response> {
  const content = html`<p>Close this window and go on where you were.</p>
    <p class="actions">${button('/', 'Open the chat here', 'quiet')}</p>`
  return renderCard(content, {
    title: 'You are signed in again',
    tone: 'done',
    script: RENEWED_SCRIPT,
  })
}

/**
 * Asks, because the link that led here may be anybody's.
 * @param service origin of the sign-in service, where a sign-out goes on: browsers count a form's redirects
 */
export function signOutPage(service: string): Promise<Response> {
  const content = html`<p>You are about to leave the chat on this device.</p>
    <form class="actions" method="post" action="${LOGOUT_PATH}">
      <button class="button">Sign out</button>
      ${button('/', 'Stay', 'quiet')}
    </form>`
  const policy = { 'form-action': `'self' ${service}` }
  return renderCard(content, { title: 'Sign out?', tone: 'door', policy })
}

/** Where signing out ends. It never signs in again by itself: that is the loop people complain about. */
export function signedOutPage(hasLeftService: boolean): Promise<Response> {
  const content = html`<p>Your session here has ended.</p>
    ${hasLeftService ? html`<p>You have left your organisation’s sign-in service, too.</p>` : ''}
    <p class="soft">On a shared computer, close the browser as well.</p>
    <p class="actions">${button(LOGIN_PATH, 'Sign in again')}</p>`
  return renderCard(content, { title: 'You are signed out', tone: 'done' })
}

/**
 * Sends an authorization response as a form (OAuth 2.0 Form Post Response Mode), by itself or by its button.
 * @param action the client's registered redirect URI
 */
export function formPostPage(
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  const content = html`<form class="actions" method="post" action="${action}">
    ${inputs}<button class="button">Continue</button>
  </form>`
  return renderCard(content, {
    title: 'Signing you in',
    tone: 'door',
    script: 'document.forms[0].submit()',
    policy: { 'form-action': `'self' ${new URL(action).origin}` },
    // With `no-referrer` the form would say `Origin: null`, which chats with a check of their own refuse.
    headers: { 'referrer-policy': 'strict-origin' },
  })
}
