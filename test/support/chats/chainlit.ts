import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { sign, verify } from 'hono/jwt'

/** The app's `@cl.header_auth_callback`: takes headers, returns the user or nothing. */
export type HeaderAuthCallback = (
  headers: Headers,
) => Promise<{ readonly identifier: string } | null>

const SECRET = 'CHAINLIT_AUTH_SECRET of this app'

/**
 * Chainlit's header sign-in: the page posts `/auth/header`, then uses the cookie from the response.
 */
export function createChainlit(headerAuthCallback: HeaderAuthCallback) {
  const app = new Hono()
  app.post('/auth/header', async (c) => {
    const user = await headerAuthCallback(c.req.raw.headers)
    if (user === null) return c.json({ detail: 'credentialssignin' }, 401)
    const token = await sign({ identifier: user.identifier }, SECRET, 'HS256')
    setCookie(c, 'access_token', token, { httpOnly: true, sameSite: 'Lax' })
    return c.json({ success: true })
  })
  app.get('/user', async (c) => {
    const claims = await verify(getCookie(c, 'access_token') ?? '', SECRET, 'HS256').catch(
      () => null,
    )
    if (claims === null) return c.json({ detail: 'Unauthorized' }, 401)
    return c.json({ identifier: claims['identifier'] })
  })
  return { handle: async (request: Request) => app.fetch(request) }
}
