import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../edge-env.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { navigationOf } from '../navigation.ts'
import { checkPage } from '../pages/check-page.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { runChecks } from './checkup.ts'
import type { CheckDeps } from './verdict.ts'

/** `GET /.entrada/check`: whether the set-up holds, for operators, and on one's own machine for whoever asks. */
export function checkRoutes(
  deps: CheckDeps,
  sessions: Sessions,
  count: (session: Session | null) => Promise<void>,
) {
  return new Hono<EdgeEnv>().get('/check', async (c) => {
    const session = await sessions.find(c.req.header('cookie') ?? null)
    requireOperator(session, deps)
    await count(session)
    const log = createLog(c.var.requestId)
    const checks = await runChecks(deps, { session, log })
    const failures = checks.flatMap(({ name, status }) => (status === 'failed' ? [name] : []))
    log.audit('set_up_checked', { userId: session?.user.id, failed: failures.join(' ') })
    const ok = failures.length === 0
    return navigationOf(c.req.raw) === 'document' ? checkPage(ok, checks) : c.json({ ok, checks })
  })
}

function requireOperator(session: Session | null, { settings }: CheckDeps): void {
  if (settings.isLoopback) return
  if (session === null) throw new EntradaFailure('session_required')
  if (!session.isOperator) throw new EntradaFailure('operator_required')
}
