import { randomUUID } from 'node:crypto'
import { parse, serialize } from 'hono/utils/cookie'

const COOKIE = 'sandbox-sign-in'

/** A browser session, identified by the single sign-on cookie. */
export interface Browser {
  readonly id: string
  readonly isNew: boolean
}

export function readBrowser(request: Request): Browser {
  const id = parse(request.headers.get('cookie') ?? '', COOKIE)[COOKIE]
  return id === undefined ? { id: randomUUID(), isNew: true } : { id, isNew: false }
}

/**
 * Sets the single sign-on cookie. Entra's own is `SameSite=None`, so frames send it too; browsers
 * accept that only with `Secure`. On plain-http loopback it has to be `Lax`.
 */
export function rememberBrowser(response: Response, browser: Browser, request: Request): Response {
  if (!browser.isNew) return response
  const isSecure = new URL(request.url).protocol === 'https:'
  const cookie = serialize(COOKIE, browser.id, {
    path: '/',
    httpOnly: true,
    secure: isSecure,
    sameSite: isSecure ? 'None' : 'Lax',
  })
  response.headers.append('set-cookie', cookie)
  return response
}
