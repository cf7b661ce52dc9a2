import type { Turn } from '../failure.ts'
import { html } from 'hono/html'
import { button, renderCard, type Markup, type Page, type Tone } from './page.ts'

/** Members of the problem document, and whose move it is. */
export interface FailureFacts {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string | undefined
  readonly requestId: string
  readonly loginUrl: string | undefined
  readonly consentUrl: string | undefined
  readonly helpUrl: string | undefined
  readonly retryAfter: number | undefined
  readonly aadsts: number | undefined
  readonly correlationId: string | undefined
  readonly turn: Turn
}

/** How the page looks, what there is to do next, and what signing in would be for. */
const TURNS: Readonly<Record<Turn, { tone: Tone; next: string; login?: string }>> = {
  user: { tone: 'stop', next: 'Go back and try something else.' },
  sign_in: { tone: 'door', next: 'Sign in to go on where you were.' },
  switch_account: {
    tone: 'door',
    next: 'Sign in with the account of this organisation.',
    login: 'Use another account',
  },
  consent: { tone: 'door', next: 'You can allow it now; nothing else changes.' },
  administrator: {
    tone: 'stop',
    next: 'Ask your administrator or help desk, with the details below.',
    login: 'Use another account',
  },
  operator: {
    tone: 'stop',
    next: 'Tell the people who run this chat, with the details below.',
  },
  wait: {
    tone: 'wait',
    next: 'Wait a moment, then try again.',
    login: 'Try again',
  },
}

/** What happened, whose turn it is, the one thing to do, and what a help desk will ask for. */
export function failurePage(
  facts: FailureFacts,
  { formWasSent, ...page }: Pick<Page, 'headers' | 'isFramed'> & { readonly formWasSent: boolean },
): Promise<Response> {
  const { title, status, detail, turn } = facts
  const { tone, next } = TURNS[turn]
  const content = html`${detail === undefined ? '' : html`<p>${detail}</p>`}
    ${formWasSent ? html`<p>What you sent did not reach the chat.</p>` : ''}
    <p class="soft">${next}</p>
    <p class="actions">${action(facts)}</p>
    <section class="facts">
      <h2>For the help desk</h2>
      <dl>
        ${factsFor(facts).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
    </section>`
  return renderCard(content, { title, status, tone, ...page })
}

/** With the time, by which logs are searched when a number was copied wrong. */
function factsFor({ code, requestId, aadsts, correlationId }: FailureFacts) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Error', code],
    ['Microsoft error', aadsts === undefined ? undefined : `AADSTS${aadsts}`],
    ['Correlation id', correlationId],
    ['Request', requestId],
    ['Time', `${new Date(Date.now()).toISOString().slice(0, 19)}Z`],
  ]
  return facts.filter(([, value]) => value !== undefined)
}

function action({ turn, loginUrl, consentUrl, helpUrl }: FailureFacts): Markup {
  if (consentUrl !== undefined) {
    return button(consentUrl, turn === 'administrator' ? 'I am an administrator' : 'Allow it')
  }
  const help = helpUrl === undefined ? '' : button(helpUrl, 'How to get access')
  const { login = 'Sign in' } = TURNS[turn]
  if (loginUrl !== undefined) {
    return html`${help} ${button(loginUrl, login, help === '' ? '' : 'quiet')}`
  }
  return turn === 'wait'
    ? button('', login)
    : html`${help} ${button('/', 'Back to the chat', 'quiet')}`
}
