import { CAST } from '../sandbox/directory/cast.ts'
import type { Browser } from '../support/browser/browser.ts'
import type { Entrada } from '../support/entrada.ts'

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
