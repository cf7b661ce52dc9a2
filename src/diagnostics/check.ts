import type { Entra } from '../entra/entra.ts'
import type { SilentResponse } from '../entra/probe.ts'
import type { Dependencies } from './health.ts'
import type { Log } from '../log.ts'
import type { CheckPageRow } from '../pages/pages.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'

/** What one look found. */
export type CheckResult = Omit<CheckPageRow, 'name'>

/** What the composition hands over. */
export interface CheckDeps {
  readonly settings: Settings
  readonly dependencies: Dependencies
  /** One that remembers nothing, so that the service is asked and not what was remembered of it. */
  readonly forgetfulEntra: () => Entra
  /** The chat is bound as a service, and `ORIGIN_URL` is not used. */
  readonly isServiceBound: boolean
  /** The way every request goes to the chat; `null` names nobody. */
  readonly toChat: (request: Request, session: Session | null) => Promise<Response>
  /** Each Microsoft feature and whether this user has it: `on`, `off`, or what is missing. */
  readonly featuresOf: (session: Session) => Promise<Readonly<Record<string, string>>>
}

/** What each look is given. */
export interface CheckContext extends CheckDeps {
  /** Of whoever asks; on loopback there may be none. */
  readonly session: Session | null
  readonly entra: Entra
  readonly log: Log
  /** Asked once, for all who want to know. */
  readonly silent: Promise<SilentResponse>
}

export function ok(detail: string): CheckResult {
  return { status: 'ok', detail }
}

export function warning(detail: string, fix: string): CheckResult {
  return { status: 'warning', detail, fix }
}

export function failed(detail: string, fix: string): CheckResult {
  return { status: 'failed', detail, fix }
}

/** How Microsoft's number is appended to what went wrong. */
export function numbered(what: string, aadsts: number | undefined): string {
  return aadsts === undefined ? what : `${what}, AADSTS${aadsts}`
}

/** Not looked at, or nothing could be seen. */
export function skipped(detail: string): CheckResult {
  return { status: 'skipped', detail }
}
