import { WRONG_PLATFORM } from '../entra/aadsts.ts'
import type { TokenError } from '../entra/token-error.ts'
import { describeIssuer, tryCredentials } from '../entra/probe.ts'
import {
  failed,
  numbered,
  ok,
  skipped,
  warning,
  type CheckContext,
  type CheckResult,
} from './check.ts'

/** What mends a registration, by Microsoft's number for what is wrong with it. Words only, as numbers change. */
const FIXES: ReadonlyMap<number, string> = new Map([
  [50011, 'Register it under the platform Web.'],
  [700025, WRONG_PLATFORM],
  [700027, 'Upload a valid certificate to the registration.'],
  [7000215, 'Store its value, not its id.'],
  [7000222, 'It has expired: add a new one.'],
  [9002325, WRONG_PLATFORM],
  [9002327, WRONG_PLATFORM],
])

export const COMPARE = 'Compare the settings with the registration, then check again.'

function refused(what: string, aadsts: number | undefined): CheckResult {
  const fix = FIXES.get(aadsts ?? 0) ?? COMPARE
  return failed(`${numbered(`${what} is refused`, aadsts)}.`, fix)
}

export async function checkIssuer({ entra }: CheckContext): Promise<CheckResult> {
  const { issuer: name, keyCount } = await describeIssuer(entra)
  return ok(`${name} publishes ${keyCount} keys.`)
}

/** Tokens are taken up to a minute before and after their time. */
const TOLERANCE_SECONDS = 60

export async function checkClock({ silent }: CheckContext): Promise<CheckResult> {
  const { serverTimeMs: date } = await silent
  if (Number.isNaN(date)) return skipped(NEEDS_PERSON)
  const seconds = Math.round(Math.abs(Date.now() - date) / 1000)
  const found = `${seconds} s from the issuer’s.`
  return seconds > TOLERANCE_SECONDS
    ? failed(found, 'Tokens are refused until it is right.')
    : ok(found)
}

const NEEDS_PERSON = 'Only a sign-in can tell.'

export async function checkRedirectUri({
  silent,
  entra,
  session,
}: CheckContext): Promise<CheckResult> {
  const { isRedirectedBack: isLedBack, aadsts } = await silent
  const uri = entra.redirectUri
  if (aadsts !== undefined && (FIXES.has(aadsts) || !isLedBack)) return refused(uri, aadsts)
  if (!isLedBack) return skipped(NEEDS_PERSON)
  // A server gets tokens for no other platform, so a session is proof of what it was then.
  return ok(
    session === null
      ? `${uri} is registered. Under Web? ${NEEDS_PERSON}`
      : `${uri} is registered, and was under Web when you signed in.`,
  )
}

/** Each secret by its place in the list, or the certificate. */
export async function checkClientCredentials({
  entra,
  settings,
}: CheckContext): Promise<CheckResult> {
  const isMicrosoft = settings.issuer.microsoft !== null
  const what = settings.client.certificate === null ? 'Secret' : 'Certificate'
  const verdicts = (await tryCredentials(entra)).map((refusal, index) =>
    credentialVerdict(`${what} ${index + 1}`, refusal, isMicrosoft),
  )
  const detail = verdicts.map((verdict) => verdict.detail).join(' ')
  const wrong = verdicts.find(({ status }) => status !== 'ok')
  if (wrong === undefined) return ok(detail)
  // One that is accepted is enough to go on with.
  const isUsable = verdicts.some(({ status }) => status === 'ok')
  return { ...wrong, detail, ...(isUsable ? { status: 'warning' } : {}) }
}

function credentialVerdict(
  what: string,
  refusal: TokenError | null,
  isMicrosoft: boolean,
): CheckResult {
  const accepted = ok(`${what} is accepted.`)
  if (refusal === null) return accepted
  const { kind, error, aadsts } = refusal
  // Elsewhere the app may have no grant of its own, which is said after a look at the credential (RFC 6749 §5.2).
  if (kind === 'policy' || (!isMicrosoft && error === 'unauthorized_client')) return accepted
  if (kind === 'client' || (kind === 'request' && isMicrosoft)) return refused(what, aadsts)
  if (kind === 'unavailable' || kind === 'loop') {
    return warning(`No answer for ${what}.`, 'Check again.')
  }
  return skipped(NEEDS_PERSON)
}
