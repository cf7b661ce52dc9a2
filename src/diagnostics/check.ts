import type { Entra } from '../entra/entra.ts'
import type { SilentResponse } from '../entra/probe.ts'
import { errorName, type Log } from '../log.ts'
import type { CheckPageRow } from '../pages/pages.ts'
import type { Features } from '../session/features.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import { withTimeout } from '../time.ts'

/** Result of one check. */
export type CheckResult = Omit<CheckPageRow, 'name'>

/** One call per binding that the Worker needs. The call rejects when the binding does not work. */
export type Dependencies = Readonly<Record<string, () => Promise<unknown>>>

/** What the diagnostics need of the running Worker. */
export interface CheckDeps {
  readonly settings: Settings
  readonly dependencies: Dependencies
  /** Makes an `Entra` without cache, because a check must see the live documents. */
  readonly uncachedEntra: () => Entra
  /** The chat app is bound as a service, so `ORIGIN_URL` is not used. */
  readonly isServiceBound: boolean
  /** Sends a request to the chat app as the proxy does. With `null`, no identity headers are added. */
  readonly toChat: (request: Request, session: Session | null) => Promise<Response>
  readonly featuresOf: (session: Session) => Promise<Features>
}

/** What each check gets. */
export interface CheckContext extends CheckDeps {
  /** Session of the operator. `null` is possible on loopback only. */
  readonly session: Session | null
  readonly entra: Entra
  readonly log: Log
  /** One silent authorization request, shared by the checks that read its response. */
  readonly silent: Promise<SilentResponse>
}

/** The check passed. */
export function ok(detail: string): CheckResult {
  return { status: 'ok', detail }
}

/** The deployment works, but something should be changed. */
export function warning(detail: string, fix: string): CheckResult {
  return { status: 'warning', detail, fix }
}

/** Something does not work; `fix` says what to do. */
export function failed(detail: string, fix: string): CheckResult {
  return { status: 'failed', detail, fix }
}

/** The check does not apply, or could not see enough for a result. */
export function skipped(detail: string): CheckResult {
  return { status: 'skipped', detail }
}

/** Appends Microsoft's error number to a text, where there is one. */
export function numbered(text: string, aadsts: number | undefined): string {
  return aadsts === undefined ? text : `${text}, AADSTS${aadsts}`
}

const DEADLINE_MS = 5_000

/** Calls every dependency and returns the names of those that do not answer. The log says why. */
export async function unavailableAmong(
  dependencies: Dependencies,
  log: Log,
): Promise<readonly string[]> {
  const names = Object.entries(dependencies).map(async ([name, call]) => {
    try {
      await withTimeout(DEADLINE_MS, call())
      return []
    } catch (cause) {
      log.error('not_ready', cause, { dependency: name, failure: errorName(cause) })
      return [name]
    }
  })
  return (await Promise.all(names)).flat()
}
