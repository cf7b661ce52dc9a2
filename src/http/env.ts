import type { Log } from '../log.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'

/** Type of Hono's context on Entrada's own routes. */
export interface EdgeEnv {
  Variables: {
    settings: Settings
    /** The log of this request; each of its lines has the `requestId` that an error page shows. */
    log: Log
    /** Set by `requireSession`, which guards every feature route. */
    session: Session
  }
}
