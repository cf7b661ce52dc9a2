import { html } from 'hono/html'
import { button, renderCard } from './page.ts'

/**
 * Asks, because the link that led here may be anybody's.
 * @param service origin of the sign-in service, where a sign-out goes on: browsers count a form's redirects
 */
export function signOutPage(service: string): Promise<Response> {
  const content = html`<p>You are about to leave the chat on this device.</p>
    <form class="actions" method="post" action="/.entrada/logout">
      <button class="button">Sign out</button>
      ${button('/', 'Stay', 'quiet')}
    </form>`
  const policy = { 'form-action': `'self' ${service}` }
  return renderCard(content, { title: 'Sign out?', tone: 'door', policy })
}
