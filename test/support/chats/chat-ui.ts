import { createHash } from 'node:crypto'
import { Hono } from 'hono'

/**
 * HuggingFace chat-ui with TRUSTED_EMAIL_HEADER: the header names the user of every request, and
 * the session id is a hash of the e-mail address.
 */
export function createChatUi(settings: { readonly TRUSTED_EMAIL_HEADER: string }) {
  const app = new Hono()
  app.get('/healthcheck', (c) => c.text('OK'))
  app.get('/api/v2/user', (c) => {
    const email = c.req.header(settings.TRUSTED_EMAIL_HEADER) ?? ''
    if (email === '') return c.json({ message: 'Must be signed in' }, 401)
    const sessionId = createHash('sha256').update(email).digest('hex')
    return c.json({ id: sessionId.slice(0, 24), username: email, email })
  })
  return { handle: async (request: Request) => app.fetch(request) }
}
