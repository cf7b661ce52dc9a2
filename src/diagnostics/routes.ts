import { Hono } from 'hono/tiny'
import { authorizeSilently } from '../entra/probe.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { EdgeEnv } from '../http/env.ts'
import { navigationOf } from '../http/request-metadata.ts'
import type { Log } from '../log.ts'
import { checkPage, type CheckPageRow } from '../pages/pages.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { withFallback } from '../time.ts'
import { VERSION } from '../version.ts'
import {
  type CheckContext,
  type CheckDeps,
  type CheckResult,
  type Dependencies,
  failed,
  numbered,
  unavailableAmong,
} from './check.ts'
import {
  checkBindings,
  checkChat,
  checkGraph,
  checkOriginProtection,
  checkOtherHostNames,
  checkPermissions,
  checkSettings,
} from './deployment-checks.ts'
import {
  checkClientCredentials,
  checkClock,
  checkIssuer,
  checkRedirectUri,
  COMPARE,
} from './registration-checks.ts'

/** How long a result of `GET /ready` is reused: anybody may ask, and each probe costs a call per dependency. */
const READY_MS = 10_000

/**
 * `GET /health`: this Worker runs, and its version. `GET /ready`: every dependency answers, so requests can be
 * served. Neither shows how the deployment is configured.
 */
export function healthRoutes(dependencies: Dependencies) {
  let probedAt = -Infinity
  let lastResult: boolean | null = null
  return new Hono<EdgeEnv>()
    .get('/health', (c) => c.json({ status: 'ok', version: VERSION }))
    .get('/ready', async (c) => {
      const isDue = Date.now() - probedAt >= READY_MS
      // A request during a probe gets the last result, because requests must not share a promise.
      if (isDue || lastResult === null) {
        probedAt = Date.now()
        const unavailable = await unavailableAmong(dependencies, c.var.log)
        lastResult = unavailable.length === 0
      }
      const isReady = lastResult
      return c.json({ status: isReady ? 'ready' : 'not_ready' }, isReady ? 200 : 503)
    })
}

/** `GET /check`: runs the setup check, for operators; on loopback for everybody. */
export function checkRoutes(
  deps: CheckDeps,
  sessions: Sessions,
  countCheck: (session: Session | null) => Promise<void>,
) {
  return new Hono<EdgeEnv>().get('/check', async (c) => {
    const { log } = c.var
    const session = await sessions.find(c.req.header('cookie') ?? null, log)
    requireOperator(session, deps)
    await countCheck(session)
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

const CHECKS: Readonly<Record<string, (context: CheckContext) => Promise<CheckResult>>> = {
  settings: checkSettings,
  bindings: checkBindings,
  issuer: checkIssuer,
  clock: checkClock,
  client_credential: checkClientCredentials,
  redirect_uri: checkRedirectUri,
  permissions: checkPermissions,
  graph: checkGraph,
  chat: checkChat,
  origin_protection: checkOriginProtection,
  other_doors: checkOtherHostNames,
}

const NO_ANSWER = { value: failed('No answer.', 'Check again.'), afterMs: 10_000 }

/** Runs all checks at once. Each has its own deadline and fails on its own. */
function runChecks(
  deps: CheckDeps,
  operator: { readonly session: Session | null; readonly log: Log },
): Promise<readonly CheckPageRow[]> {
  const entra = deps.uncachedEntra()
  const context = { ...deps, ...operator, entra, silent: authorizeSilently(entra) }
  const results = Object.entries(CHECKS).map(async ([name, check]) => ({
    name,
    ...(await withFallback(() => check(context).catch(resultOfFailure), NO_ANSWER)),
  }))
  return Promise.all(results)
}

/** Describes a failure of ours. Any other error counts as no answer. */
function resultOfFailure(cause: unknown): CheckResult {
  if (!(cause instanceof EntradaFailure)) throw cause
  const { detail = '', aadsts } = cause.details
  return failed(`${numbered(FAILURES[cause.code].title, aadsts)}. ${detail}`, COMPARE)
}
