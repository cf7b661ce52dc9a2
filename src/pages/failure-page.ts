import type { Turn } from '../failure.ts'
import { html } from 'hono/html'
import { button, renderCard, type Markup, type Page, type Tone } from './page.ts'

/** Members of the problem document, and the kind of remedy. */
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

/** For each remedy: the look of the page, the next step, and the label of the sign-in button. */
const REMEDIES: Readonly<Record<Turn, { tone: Tone; next: string; login?: string }>> = {
  user: { tone: 'stop', next: 'Go back and try something else.' },
  sign_in: { tone: 'door', next: 'Sign in to continue where you were.' },
  switch_account: {
    tone: 'door',
    next: 'Sign in with an account of this organisation.',
    login: 'Use another account',
  },
  consent: { tone: 'door', next: 'You can give this permission now. Nothing else changes.' },
  administrator: {
    tone: 'stop',
    next: 'Ask your administrator or help desk, and give them the details below.',
    login: 'Use another account',
  },
  operator: {
    tone: 'stop',
    next: 'Contact the people who run this chat and give them the details below.',
  },
  wait: {
    tone: 'wait',
    next: 'Wait a moment, then try again.',
    login: 'Try again',
  },
}

/** Shows what happened, the next step, one button, and the details that a help desk asks for. */
export function failurePage(
  facts: FailureFacts,
  { formWasSent, ...page }: Pick<Page, 'headers' | 'isFramed'> & { readonly formWasSent: boolean },
): Promise<Response> {
  const { title, status, detail, turn } = facts
  const { tone, next } = REMEDIES[turn]
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

/** The details for the help desk. The time helps to search the logs when an id was copied wrong. */
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
    return button(
      consentUrl,
      turn === 'administrator' ? 'Approve as administrator' : 'Give permission',
    )
  }
  const help = helpUrl === undefined ? '' : button(helpUrl, 'How to get access')
  const { login = 'Sign in' } = REMEDIES[turn]
  if (loginUrl !== undefined) {
    return html`${help} ${button(loginUrl, login, help === '' ? '' : 'quiet')}`
  }
  return turn === 'wait'
    ? button('', login)
    : html`${help} ${button('/', 'Back to the chat', 'quiet')}`
}
