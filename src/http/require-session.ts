import { createMiddleware } from 'hono/factory'
import type { EdgeEnv } from './env.ts'
import { EntradaFailure } from '../failure.ts'
import type { Sessions } from '../session/sessions.ts'

/** Whether a request is one that the chat sends by itself, which does not keep a session from going idle. */
export type PollingTest = (method: string, pathname: string) => boolean

/** Everything behind it has `c.var.session`. Our own endpoints always ask the object: a sign-out is final at once. */
export function requireSession(sessions: Sessions, isPolling: PollingTest = () => false) {
  return createMiddleware<EdgeEnv>(async (c, next) => {
    const isActivity = !isPolling(c.req.method, c.req.path)
    const session = await sessions.find(c.req.header('cookie') ?? null, c.var.log, isActivity)
    if (session === null) throw new EntradaFailure('session_required')
    c.set('session', session)
    await next()
  })
}
