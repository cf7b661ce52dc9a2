import { type Browser, readBrowser } from './browser.ts'

/** One request of a browser during sign-in and consent. */
export interface Step {
  readonly request: Request
  readonly browser: Browser
  readonly parameters: URLSearchParams
}

/** Query of a GET, form of a POST: the browser-facing endpoints accept both. */
export async function readStep(request: Request): Promise<Step> {
  const parameters =
    request.method === 'POST'
      ? new URLSearchParams(await request.text())
      : new URL(request.url).searchParams
  return { request, parameters, browser: readBrowser(request) }
}

/**
 * Fields of the sandbox's own pages. Only a POST may carry them: a link must not choose for a
 * person.
 */
const ANSWERS = ['account', 'sign_in', 'decision', 'consent_on_behalf_of_organization'] as const

export function answerOf(step: Step, field: (typeof ANSWERS)[number]): string | null {
  return step.request.method === 'POST' ? step.parameters.get(field) : null
}

/** The original request without the form fields submitted so far. */
export function requestOf(step: Step): readonly (readonly [string, string])[] {
  return [...step.parameters].filter(([name]) => !ANSWERS.some((answer) => answer === name))
}
