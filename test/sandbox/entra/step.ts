import { type Browser, readBrowser } from './browser.ts'

/** One step of a browser on its way through sign-in and consent. */
export interface Step {
  readonly request: Request
  readonly browser: Browser
  readonly parameters: URLSearchParams
}

/** Query of a GET, form of a POST: the endpoints of the browser take either. */
export async function readStep(request: Request): Promise<Step> {
  const parameters =
    request.method === 'POST'
      ? new URLSearchParams(await request.text())
      : new URL(request.url).searchParams
  return { request, parameters, browser: readBrowser(request) }
}

/** Fields of our own pages, which only a POST may carry: a link must not answer for a person. */
const ANSWERS = ['account', 'sign_in', 'decision', 'consent_on_behalf_of_organization'] as const

export function answerOf(step: Step, field: (typeof ANSWERS)[number]): string | null {
  return step.request.method === 'POST' ? step.parameters.get(field) : null
}

/** The request without the answers given so far. */
export function requestOf(step: Step): readonly (readonly [string, string])[] {
  return [...step.parameters].filter(([name]) => !ANSWERS.some((answer) => answer === name))
}
