import { randomUUID } from 'node:crypto'
import { parse, serialize } from 'hono/utils/cookie'

const COOKIE = 'sandbox-sign-in'

/** A browser, told by the cookie that single sign-on hangs on. */
export interface Browser {
  readonly id: string
  readonly isNew: boolean
}

export function readBrowser(request: Request): Browser {
  const id = parse(request.headers.get('cookie') ?? '', COOKIE)[COOKIE]
  return id === undefined ? { id: randomUUID(), isNew: true } : { id, isNew: false }
}

/**
 * Sets the cookie on the answer. Entra's own is sent in frames too (`SameSite=None`), which a browser
 * accepts only together with `Secure`; on plain http loopback it has to be `Lax`.
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
