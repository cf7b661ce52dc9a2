import { html } from 'hono/html'
import { button, renderCard } from './page.ts'
import { RENEWED_SCRIPT } from './renewed-script.ts'

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
