import { askSilently } from '../entra/set-up-questions.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { Log } from '../log.ts'
import type { CheckResult } from '../pages/check-page.ts'
import type { Session } from '../session/session.ts'
import { answerWithin } from '../stores/answer-within.ts'
import { chat, originProtection } from './chat.ts'
import { bindings, otherDoors, settings } from './deployment.ts'
import { graph, permissions } from './microsoft.ts'
import { clientCredential, clock, COMPARE, issuer, redirectUri } from './registration.ts'
import { failed, numbered, type CheckParts, type Surroundings, type Verdict } from './verdict.ts'

const LOOKS: Readonly<Record<string, (surroundings: Surroundings) => Promise<Verdict>>> = {
  settings,
  bindings,
  issuer,
  clock,
  client_credential: clientCredential,
  redirect_uri: redirectUri,
  permissions,
  graph,
  chat,
  origin_protection: originProtection,
  other_doors: otherDoors,
}

const NO_ANSWER = { value: failed('No answer.', 'Check again.'), afterMs: 10_000 }

/** Looks at everything at once. Each look fails, and is given up, by itself. */
export function checkUp(
  parts: CheckParts,
  asker: { readonly session: Session | null; readonly log: Log },
): Promise<readonly CheckResult[]> {
  const entra = parts.forgetfulEntra()
  const surroundings = { ...parts, ...asker, entra, silent: askSilently(entra) }
  const results = Object.entries(LOOKS).map(async ([name, look]) => ({
    name,
    ...(await answerWithin(() => look(surroundings).catch(explained), NO_ANSWER)),
  }))
  return Promise.all(results)
}

/** Failures of ours have words; anything else is as good as no answer. */
function explained(cause: unknown): Verdict {
  if (!(cause instanceof EntradaFailure)) throw cause
  const { detail = '', aadsts } = cause.details
  return failed(`${numbered(FAILURES[cause.code].title, aadsts)}. ${detail}`, COMPARE)
}
