import { html } from 'hono/html'
import { button, renderCard } from './page.ts'

/** Where signing out ends. It never signs in again by itself: that is the loop people complain about. */
export function signedOutPage(hasLeftService: boolean): Promise<Response> {
  const content = html`<p>Your session here has ended.</p>
    ${hasLeftService ? html`<p>You have left your organisation’s sign-in service, too.</p>` : ''}
    <p class="soft">On a shared computer, close the browser as well.</p>
    <p class="actions">${button('/.entrada/login', 'Sign in again')}</p>`
  return renderCard(content, { title: 'You are signed out', tone: 'done' })
}
