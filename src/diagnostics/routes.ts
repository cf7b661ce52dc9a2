import { Hono } from 'hono/tiny'
import { authorizeSilently } from '../entra/probe.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { EdgeEnv } from '../http/env.ts'
import { navigationOf } from '../http/fetch-metadata.ts'
import type { Log } from '../log.ts'
import { checkPage, type CheckPageRow } from '../pages/pages.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { withFallback } from '../time.ts'
import { type CheckContext, type CheckDeps, type CheckResult, failed, numbered } from './check.ts'
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

const LOOKS: Readonly<Record<string, (surroundings: CheckContext) => Promise<CheckResult>>> = {
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

/** Looks at everything at once. Each look fails, and is given up, by itself. */
export function runChecks(
  deps: CheckDeps,
  asker: { readonly session: Session | null; readonly log: Log },
): Promise<readonly CheckPageRow[]> {
  const entra = deps.forgetfulEntra()
  const surroundings = { ...deps, ...asker, entra, silent: authorizeSilently(entra) }
  const results = Object.entries(LOOKS).map(async ([name, look]) => ({
    name,
    ...(await withFallback(() => look(surroundings).catch(explained), NO_ANSWER)),
  }))
  return Promise.all(results)
}

/** Failures of ours have words; anything else is as good as no answer. */
function explained(cause: unknown): CheckResult {
  if (!(cause instanceof EntradaFailure)) throw cause
  const { detail = '', aadsts } = cause.details
  return failed(`${numbered(FAILURES[cause.code].title, aadsts)}. ${detail}`, COMPARE)
}

/** `GET /.entrada/check`: whether the set-up holds, for operators, and on one's own machine for whoever asks. */
export function checkRoutes(
  deps: CheckDeps,
  sessions: Sessions,
  count: (session: Session | null) => Promise<void>,
) {
  return new Hono<EdgeEnv>().get('/check', async (c) => {
    const { log } = c.var
    const session = await sessions.find(c.req.header('cookie') ?? null, log)
    requireOperator(session, deps)
    await count(session)
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
