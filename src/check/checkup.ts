import { authorizeSilently } from '../entra/set-up-questions.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { Log } from '../log.ts'
import type { CheckPageRow } from '../pages/check-page.ts'
import type { Session } from '../session/session.ts'
import { withFallback } from '../stores/answer-within.ts'
import { checkChat, checkOriginProtection } from './chat.ts'
import { checkBindings, checkOtherHostNames, checkSettings } from './deployment.ts'
import { checkGraph, checkPermissions } from './microsoft.ts'
import {
  checkClientCredentials,
  checkClock,
  COMPARE,
  checkIssuer,
  checkRedirectUri,
} from './registration.ts'
import { failed, numbered, type CheckDeps, type CheckContext, type CheckResult } from './verdict.ts'

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
