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

/** What to do, by Microsoft's error number. Used for texts only, because numbers may change. */
const FIXES: ReadonlyMap<number, string> = new Map([
  [50011, 'Register it under the platform Web.'],
  [700025, WRONG_PLATFORM],
  [700027, 'Upload a valid certificate to the registration.'],
  [7000215, 'Set the secret’s value, not its ID.'],
  [7000222, 'It has expired. Add a new one.'],
  [9002325, WRONG_PLATFORM],
  [9002327, WRONG_PLATFORM],
])

/** What to do where the error names no cause. */
export const COMPARE = 'Compare the settings with the app registration, then check again.'

function refused(what: string, aadsts: number | undefined): CheckResult {
  const fix = FIXES.get(aadsts ?? 0) ?? COMPARE
  return failed(`${numbered(`${what} is refused`, aadsts)}.`, fix)
}

/** Reads the issuer's metadata and keys without cache. */
export async function checkIssuer({ entra }: CheckContext): Promise<CheckResult> {
  const { issuer: name, keyCount } = await describeIssuer(entra)
  return ok(`${name} publishes ${keyCount} keys.`)
}

/** Tokens are accepted up to this long before and after their time. */
const TOLERANCE_SECONDS = 60

/** Compares the clock with the issuer's `Date` header. */
export async function checkClock({ silent }: CheckContext): Promise<CheckResult> {
  const { serverTimeMs: date } = await silent
  if (Number.isNaN(date)) return skipped(NEEDS_SIGN_IN)
  const seconds = Math.round(Math.abs(Date.now() - date) / 1000)
  const found = `${seconds} s off the issuer’s clock.`
  return seconds > TOLERANCE_SECONDS
    ? failed(found, 'Tokens are refused until the clocks agree.')
    : ok(found)
}

const NEEDS_SIGN_IN = 'Only a sign-in can confirm this.'

/** Sends a silent authorization request and checks that its response comes to our redirect URI. */
export async function checkRedirectUri({
  silent,
  entra,
  session,
}: CheckContext): Promise<CheckResult> {
  const { isRedirectedBack: isLedBack, aadsts } = await silent
  const uri = entra.redirectUri
  if (aadsts !== undefined && (FIXES.has(aadsts) || !isLedBack)) return refused(uri, aadsts)
  if (!isLedBack) return skipped(NEEDS_SIGN_IN)
  // Only the platform Web gives tokens to a server, so a session proves what the platform was then.
  return ok(
    session === null
      ? `${uri} is registered. Sign in to confirm that its platform is Web.`
      : `${uri} is registered. Its platform was Web when you signed in.`,
  )
}

/** Tries each secret of the list, or the certificate. */
export async function checkClientCredentials({
  entra,
  settings,
}: CheckContext): Promise<CheckResult> {
  const isMicrosoft = settings.issuer.microsoft !== null
  const what = settings.client.certificate === null ? 'Secret' : 'Certificate'
  const results = (await tryCredentials(entra)).map((refusal, index) =>
    resultOfCredential(`${what} ${index + 1}`, refusal, isMicrosoft),
  )
  const detail = results.map((result) => result.detail).join(' ')
  const wrong = results.find(({ status }) => status !== 'ok')
  if (wrong === undefined) return ok(detail)
  // One accepted credential is enough to serve.
  const isUsable = results.some(({ status }) => status === 'ok')
  return { ...wrong, detail, ...(isUsable ? { status: 'warning' } : {}) }
}

function resultOfCredential(
  what: string,
  refusal: TokenError | null,
  isMicrosoft: boolean,
): CheckResult {
  const accepted = ok(`${what} is accepted.`)
  if (refusal === null) return accepted
  const { kind, error, aadsts } = refusal
  // Other issuers may check the credential first and then refuse this grant type to the app (RFC 6749 §5.2).
  if (kind === 'policy' || (!isMicrosoft && error === 'unauthorized_client')) return accepted
  if (kind === 'client' || (kind === 'request' && isMicrosoft)) return refused(what, aadsts)
  if (kind === 'unavailable' || kind === 'loop') {
    return warning(`No answer when trying ${what}.`, 'Check again.')
  }
  return skipped(NEEDS_SIGN_IN)
}
