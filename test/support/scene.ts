import * as v from 'valibot'
import { CAST } from '../sandbox/directory/cast.ts'
import { createSandbox, type HostHandler, type Sandbox } from '../sandbox/sandbox.ts'
import { SESSION } from './addresses.ts'
import type { Browser } from './browser/browser.ts'
import { aGuardedChat, type GuardedChat } from './chat-double.ts'
import type { Entrada, EntradaOptions } from './entrada.ts'

/** Somebody of the sandbox's tenants, by first name. */
export type PersonName = keyof typeof CAST

export interface SceneOptions extends EntradaOptions {
  /** Who signs in. */
  readonly as?: PersonName
  /** Answers what Entrada lets through; without it every answer is `hello`. */
  readonly chat?: HostHandler
  /** Graph permissions that the administrator has granted for everybody. */
  readonly scopes?: readonly string[]
}

export interface Scene extends GuardedChat {
  readonly sandbox: Sandbox
  /** Holds the session of the person signed in. */
  readonly browser: Browser
  /** The same session as a `Cookie` header. */
  readonly cookie: string
}

/**
 * One person signed in at Entrada, in front of a chat that records its requests.
 * The sign-in's own requests are not in the record.
 */
export async function aScene(options: SceneOptions = {}): Promise<Scene> {
  const { as = 'adele', chat: answer, scopes = [], ...rest } = options
  const sandbox = rest.share?.sandbox ?? rest.sandbox ?? createSandbox()
  if (scopes.length > 0) sandbox.entra.grantAdminConsent(scopes)
  const { entrada, chat } = aGuardedChat({ ...rest, sandbox }, answer)
  const browser = await signedIn(entrada, as)
  chat.requests.length = 0
  return { entrada, chat, sandbox, browser, cookie: cookieHeaderOf(browser) }
}

/** A new browser in which this person has signed in. */
export async function signedIn(entrada: Entrada, who: PersonName = 'adele'): Promise<Browser> {
  const browser = entrada.browser()
  await browser.signIn(CAST[who].userPrincipalName)
  return browser
}

/** Signs out as the chat's page does. */
export function signOut(browser: Browser): Promise<Response> {
  return browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
}

/** Whether the browser holds a session cookie; the session behind it may have ended. */
export function isSignedIn(browser: Browser): boolean {
  return browser.cookies.get(SESSION) !== null
}

/** The value of the session cookie; empty when there is none. */
export function cookieOf(browser: Browser): string {
  return browser.cookies.get(SESSION)?.value ?? ''
}

/** The session cookie as a `Cookie` header, for requests without a browser. */
export function cookieHeaderOf(browser: Browser): string {
  return `${SESSION}=${cookieOf(browser)}`
}

/** The status of the session endpoint for a bare `Cookie` header. */
export async function statusWith(entrada: Entrada, cookie: string): Promise<number> {
  const headers = { cookie, accept: 'application/json' }
  const response = await entrada.fetch('/.entrada/session', { headers })
  await response.body?.cancel()
  return response.status
}

const Problem = v.looseObject({ code: v.string() })

/** The members of a problem document (RFC 9457); `status` is the response's own. */
export async function problemOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  return { ...v.parse(Problem, await response.json()), status: response.status }
}
