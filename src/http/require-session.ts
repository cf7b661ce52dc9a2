import { createMiddleware } from 'hono/factory'
import type { Resource } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { Sessions } from '../session/sessions.ts'
import type { EdgeEnv } from './env.ts'

/** Whether the chat sends a request by itself. Such polling does not keep a session from going idle. */
export type PollingTest = (method: string, pathname: string) => boolean

export interface RequireSessionOptions {
  /** Default: no request of the route is polling. */
  readonly isPolling?: PollingTest
  /** The token that the route needs. The session's Durable Object returns it together with the session. */
  readonly token?: Resource | null
}

/**
 * Sets `c.var.session` for the routes behind this middleware. It asks the session's Durable Object at each request, so
 * that a sign-out is final at once.
 * @throws EntradaFailure `session_required`
 */
export function requireSession(
  sessions: Sessions,
  { isPolling = () => false, token = null }: RequireSessionOptions = {},
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
