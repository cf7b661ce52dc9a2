import { createMiddleware } from 'hono/factory'
import { EntradaFailure } from '../failure.ts'
import type { FindOptions, Sessions } from '../session/sessions.ts'
import type { EdgeEnv } from './env.ts'

/** Whether the chat sends a request by itself. Such polling does not keep a session from going idle. */
export type PollingTest = (method: string, pathname: string) => boolean

/** `token`: what the route is going to need; it comes with the session, in one call of its object. */
export interface RequiredSession extends Pick<FindOptions, 'token'> {
  readonly isPolling?: PollingTest
}

/**
 * Sets `c.var.session` for the routes behind it. Our own endpoints ask the session's object each time, so that a
 * sign-out is final at once.
 * @throws EntradaFailure `session_required`
 */
export function requireSession(
  sessions: Sessions,
  { isPolling = () => false, token = null }: RequiredSession = {},
) {
  return createMiddleware<EdgeEnv>(async (c, next) => {
    const countsAsActivity = !isPolling(c.req.method, c.req.path)
    const options = { countsAsActivity, token }
    const session = await sessions.find(c.req.header('cookie') ?? null, c.var.log, options)
    if (session === null) throw new EntradaFailure('session_required')
    c.set('session', session)
    await next()
  })
}
