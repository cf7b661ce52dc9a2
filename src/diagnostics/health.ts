import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { errorName, type Log } from '../log.ts'
import { withTimeout } from '../time.ts'
import { VERSION } from '../version.ts'

/** What the Worker cannot do without, and how to find out whether it answers. */
export type Dependencies = Readonly<Record<string, () => Promise<unknown>>>

const DEADLINE_MS = 5_000

/** How long an answer of `GET /ready` serves. Anybody may ask, and each look costs a call per dependency. */
const READY_MS = 10_000

/**
 * `GET /health`: this Worker runs, and which version. `GET /ready`: it could serve, because everything it is bound to answers.
 * Neither tells how it is configured.
 */
export function healthRoutes(dependencies: Dependencies) {
  let lookedAt = -Infinity
  let known: boolean | null = null
  return new Hono<EdgeEnv>()
    .get('/health', (c) => c.json({ status: 'ok', version: VERSION }))
    .get('/ready', async (c) => {
      const isDue = Date.now() - lookedAt >= READY_MS
      // Whoever asks during a look gets the last answer: a promise must not be shared between requests.
      if (isDue || known === null) {
        lookedAt = Date.now()
        known = (await silentAmong(dependencies, c.var.log)).length === 0
      }
      const isReady = known
      return c.json({ status: isReady ? 'ready' : 'not_ready' }, isReady ? 200 : 503)
    })
}

/** Names of those that do not answer; why, the log says. */
export async function silentAmong(
  dependencies: Dependencies,
  log: Log,
): Promise<readonly string[]> {
  const names = Object.entries(dependencies).map(async ([name, probe]) => {
    try {
      await withTimeout(DEADLINE_MS, probe())
      return []
    } catch (cause) {
      log.error('not_ready', cause, { dependency: name, failure: errorName(cause) })
      return [name]
    }
  })
  return (await Promise.all(names)).flat()
}
