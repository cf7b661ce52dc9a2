import { html } from 'hono/html'
import type { Turn } from '../failure.ts'
import { card, renderPage, type Tone } from './page.ts'

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

const NEXT: Readonly<Record<Turn, string>> = {
  user: 'Go back and try something else.',
  sign_in: 'Sign in and you will be taken back to where you were.',
  switch_account: 'Sign in with the account of your organisation.',
  consent: 'You can allow it now; nothing else changes.',
  administrator: 'Ask your administrator or help desk, and give them the details below.',
  operator: 'Please tell the people who run this chat, and give them the details below.',
  wait: 'This usually passes. Wait a moment, then try again.',
}

const TONES: Readonly<Record<Turn, Tone>> = {
  user: 'stop',
  sign_in: 'door',
  switch_account: 'door',
  consent: 'door',
  administrator: 'stop',
  operator: 'stop',
  wait: 'wait',
}

/** What happened, whose turn it is, the one thing to do, and what a help desk will ask for. */
export function failurePage(
  facts: FailureFacts,
  { formWasSent, isFramed }: { readonly formWasSent: boolean; readonly isFramed: boolean },
): Promise<Response> {
  const { title, status, detail, turn } = facts
  const content = html`${detail === undefined ? '' : html`<p>${detail}</p>`}
    ${formWasSent ? html`<p>What you sent did not reach the chat.</p>` : ''}
    <p class="soft">${NEXT[turn]}</p>
    <p class="actions">${action(facts)}</p>
    <section class="facts" aria-labelledby="facts">
      <h2 id="facts">For the help desk</h2>
      <dl>
        ${factsFor(facts).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
    </section>`
  return renderPage({ title, status, body: card(title, content, TONES[turn]), isFramed })
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

function action({ turn, loginUrl, consentUrl, helpUrl }: FailureFacts) {
  if (consentUrl !== undefined) {
    const label = turn === 'administrator' ? 'I am an administrator' : 'Allow it'
    return html`<a class="button" href="${consentUrl}">${label}</a>`
  }
  const help =
    helpUrl === undefined ? '' : html`<a class="button" href="${helpUrl}">How to get access</a>`
  if (loginUrl !== undefined) {
    const quiet = helpUrl === undefined ? '' : ' quiet'
    return html`${help} <a class="button${quiet}" href="${loginUrl}">${LOGIN[turn]}</a>`
  }
  if (turn === 'wait') return html`<a class="button" href="">Try again</a>`
  return html`${help} <a class="button quiet" href="/">Back to the chat</a>`
}

/** What signing in would be for. */
const LOGIN: Readonly<Record<Turn, string>> = {
  user: 'Sign in',
  sign_in: 'Sign in',
  switch_account: 'Use another account',
  consent: 'Sign in',
  administrator: 'Use another account',
  operator: 'Sign in',
  wait: 'Try again',
}
