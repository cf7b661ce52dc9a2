import { LOGIN_PATH, LOGOUT_PATH } from '../paths.ts'
import { html } from 'hono/html'
import { RENEWED_SCRIPT } from '../browser/generated/renewed.ts'
import { button, renderCard } from './page.ts'

/** Result of one check, as one row of the page. */
export interface CheckPageRow {
  /** Stable, for programs; shown with spaces. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What the check found. */
  readonly detail: string
  /** What to do next. */
  readonly fix?: string
}

const STYLE =
  '.card{max-width:42rem}.facts{margin-top:1rem;padding-top:1rem}p{overflow-wrap:anywhere}h2{font-size:1rem;color:var(--ink)}h2 b{display:inline-block;min-width:5rem;color:var(--stop)}[data-status=ok] b{color:var(--done)}[data-status=skipped] b{color:var(--soft)}'

/** Shows the results of the setup check in a browser. Programs get the same results as JSON. */
export function checkPage(ok: boolean, checks: readonly CheckPageRow[]): Promise<Response> {
  const title = ok ? 'Setup check passed' : 'Setup check failed'
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
 * The end of a renewed sign-in in its own window: tells the other tabs of this origin and closes itself. Browsers
 * close only windows that a script opened, so the page also says what to do.
 */
export function renewedPage(): Promise<Response> {
  const content = html`<p>Close this window and continue where you were.</p>
    <p class="actions">${button('/', 'Open the chat here', 'quiet')}</p>`
  return renderCard(content, {
    title: 'You are signed in again',
    tone: 'done',
    script: RENEWED_SCRIPT,
  })
}

/**
 * Asks before signing out, because another site may have set the link that led here.
 * @param service origin of the sign-in service: `form-action` also applies to redirects of the form
 */
export function signOutPage(service: string): Promise<Response> {
  const content = html`<p>You will be signed out of the chat in this browser.</p>
    <form class="actions" method="post" action="${LOGOUT_PATH}">
      <button class="button">Sign out</button>
      ${button('/', 'Stay', 'quiet')}
    </form>`
  const policy = { 'form-action': `'self' ${service}` }
  return renderCard(content, { title: 'Sign out?', tone: 'door', policy })
}

/** The end of a sign-out. The page does not sign in again by itself, which would be a redirect loop. */
export function signedOutPage(hasLeftService: boolean): Promise<Response> {
  const content = html`<p>Your session here has ended.</p>
    ${hasLeftService ? html`<p>You are signed out of your organisation’s sign-in service, too.</p>` : ''}
    <p class="soft">On a shared computer, close the browser as well.</p>
    <p class="actions">${button(LOGIN_PATH, 'Sign in again')}</p>`
  return renderCard(content, { title: 'You are signed out', tone: 'done' })
}

/**
 * Sends an authorization response as a form (OAuth 2.0 Form Post Response Mode), by script or by its button.
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
    // With `no-referrer` the form would send `Origin: null`, which chats with their own check refuse.
    headers: { 'referrer-policy': 'strict-origin' },
  })
}
