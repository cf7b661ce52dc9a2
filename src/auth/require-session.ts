import { createMiddleware } from 'hono/factory'
import type { EdgeEnv } from '../edge-env.ts'
import { EntradaFailure } from '../failure.ts'
import type { Sessions } from '../session/sessions.ts'

/** Everything behind it has `c.var.session`. Our own endpoints always ask the object: a sign-out is final at once. */
export function requireSession(sessions: Sessions) {
  return createMiddleware<EdgeEnv>(async (c, next) => {
    const session = await sessions.find(c.req.header('cookie') ?? null, 'certain')
    if (session === null) throw new EntradaFailure('session_required')
    c.set('session', session)
    await next()
  })
}
