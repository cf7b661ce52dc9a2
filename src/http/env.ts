import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'

/** What Hono's context holds on Entrada's own routes. */
export interface EdgeEnv {
  Variables: {
    settings: Settings
    /** Shown in errors and logs of this request. */
    requestId: string
    /** Set by `requireSession`, which every feature route stands behind. */
    session: Session
  }
}
