import { Admission } from './auth/admission.ts'
import { LoginAttempts } from './auth/login-attempts.ts'
import { LoopBreaker } from './auth/loop-breaker.ts'
import type { Parts } from './composition.ts'
import type { EdgeParts } from './edge.ts'
import { Sessions } from './session/sessions.ts'

/** Turns bindings into what the edge is made of. */
export function composeEdge(env: Bindings, { settings, box, entra }: Parts): EdgeParts {
  const sessions = new Sessions(env.SESSIONS, env.USERS, settings)
  const auth = {
    entra,
    sessions,
    admission: new Admission(settings),
    attempts: new LoginAttempts({
      box,
      publicOrigin: settings.publicOrigin,
      callbackPath: settings.callbackPath,
    }),
    loops: new LoopBreaker(),
    featuresOf: async () => ({ people: 'off', groups: 'off', files: 'off' }),
  }
  return { settings, sessions, auth, origin: null as never, open: [], features: [] }
}
