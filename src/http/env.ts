import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'

/** Type of Hono's context on Entrada's own routes. */
export interface EdgeEnv {
  Variables: {
    settings: Settings
    /** Shown in errors and logs of this request. */
    requestId: string
    /** Set by `requireSession`, which guards every feature route. */
    session: Session
  }
}
