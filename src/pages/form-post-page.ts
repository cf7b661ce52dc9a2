import { html } from 'hono/html'
import { renderCard } from './page.ts'

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
