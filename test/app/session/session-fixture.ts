import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import type { Entrada } from '../../support/entrada.ts'

export const HOME = 'https://chat.contoso.example'
export const SESSION = '__Host-entrada'

export async function signedIn(
  entrada: Entrada,
  who: keyof typeof CAST = 'adele',
): Promise<Browser> {
  const browser = entrada.browser()
  await browser.signIn(CAST[who].userPrincipalName)
  return browser
}

export function signOut(browser: Browser): Promise<Response> {
  return browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
}

export function cookieOf(browser: Browser): string {
  return browser.cookies.get(SESSION)?.value ?? ''
}

export async function statusWith(entrada: Entrada, cookie: string): Promise<number> {
  const headers = { cookie, accept: 'application/json' }
  const response = await entrada.fetch('/.entrada/session', { headers })
  await response.body?.cancel()
  return response.status
}
