import { html } from 'hono/html'
import { card, renderPage } from './page.ts'
import { RENEWED_SCRIPT } from './renewed-script.ts'

/**
 * Where signing in again in a window of its own ends: it tells the other tabs of this origin and closes itself.
 * Browsers close only what a script has opened, so it says what to do where it stays.
 */
export function renewedPage(): Promise<Response> {
  return renderPage({
    title: 'Signed in again',
    script: RENEWED_SCRIPT,
    body: card(
      'You are signed in again',
      html`<p>The chat knows already. Close this window and go on where you were.</p>
        <p class="actions"><a class="button quiet" href="/">Open the chat here</a></p>`,
      'done',
    ),
  })
}
