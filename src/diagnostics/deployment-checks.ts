import { CONSENT_PATH } from '../paths.ts'
import { PRESETS } from '../settings/presets.ts'
import { isLoopback } from '../settings/variables.ts'
import {
  type CheckContext,
  type CheckResult,
  failed,
  ok,
  skipped,
  unavailableAmong,
  warning,
} from './check.ts'

/** Reports warnings. Invalid settings cannot occur here: with them the Worker serves nothing. */
export async function checkSettings({
  settings: { warnings },
}: CheckContext): Promise<CheckResult> {
  if (warnings.length === 0) return ok('All settings are valid.')
  return warning(warnings.join('. '), 'Correct or remove them.')
}

/** Calls every binding. */
export async function checkBindings({ dependencies, log }: CheckContext): Promise<CheckResult> {
  const names = await unavailableAmong(dependencies, log)
  if (names.length === 0) return ok('All bindings answer.')
  return failed(`No answer: ${names.join(', ')}.`, 'Check wrangler.toml and the log.')
}

/** Reminds of the dashboard: a Worker cannot see its other host names, or requests for which it does not run. */
export async function checkOtherHostNames(): Promise<CheckResult> {
  return skipped('Check in the dashboard that the route fails closed and workers.dev is off.')
}

/** Requests an address and reads status and `Location` only. The deadline of the check applies. */
async function probe(
  address: URL | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly location: string | null }> {
  const response = await fetch(address, { headers, redirect: 'manual' })
  void response.body?.cancel()
  return { status: response.status, location: response.headers.get('location') }
}

/** Requests the chat app's front page as the proxy does, with `ORIGIN_SECRET` and as the operator. */
export async function checkChat({ settings, session, toChat }: CheckContext): Promise<CheckResult> {
  const request = new Request(settings.publicOrigin, { headers: { accept: 'text/html' } })
  const { status, body } = await toChat(request, session)
  void body?.cancel()
  const secret = settings.chat.secret === null ? '' : ' with ORIGIN_SECRET'
  const found = `Answers ${status} to Entrada${secret}.`
  if (status >= 500) return failed(found, 'Check the log of the chat app.')
  if (status !== 401 && status !== 403) return ok(found)
  // The chat app may refuse requests without an identity.
  if (session === null) return warning(found, 'Sign in and check again.')
  return failed(found, 'Compare ORIGIN_SECRET and ORIGIN_PRESET with the settings of the chat app.')
}

/** Headers of a stranger who found the chat app's own address. The name is no real user's, in case the chat creates accounts. */
const STRANGER_HEADERS = [{}, { 'x-forwarded-user': 'entrada-check' }] as const

const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 421])

/** This request comes from Cloudflare, whose certificate or addresses may be let in where a stranger's are not. */
const OUTSIDE = 'Try it from outside Cloudflare, too: docs/protecting-the-chat.md'
const LOCK = `Make the chat app require ORIGIN_SECRET, or protect it by a tunnel or mutual TLS. ${OUTSIDE}`

/** Checks whether the chat app's own address answers requests that bypass Entrada. */
export async function checkOriginProtection(deps: CheckContext): Promise<CheckResult> {
  const { url, preset } = deps.settings.chat
  if (deps.isServiceBound || url === null) {
    return skipped(`ORIGIN_URL is not used. ${OUTSIDE}`)
  }
  if (isLoopback(url)) return skipped('The chat app is on this machine.')
  const answers = await Promise.all(STRANGER_HEADERS.map((headers) => probe(url, headers)))
  const found = `${url.host} answers requests that bypass Entrada: ${answers.map(({ status }) => status).join(', with a spoofed X-Forwarded-User ')}.`
  if (answers.some(({ status }) => status >= 200 && status < 300)) {
    return PRESETS[preset].hasOwnSignIn ? warning(found, LOCK) : failed(found, LOCK)
  }
  const { publicOrigin } = deps.settings
  const isRefused = answers.every(
    ({ status, location }) =>
      REFUSALS.has(status) || location?.startsWith(`${publicOrigin}/`) === true,
  )
  if (isRefused) return ok(found)
  // A redirect to a sign-in page protects this path only; another path may trust a header.
  return warning(found, `It should answer 401 or 403. ${LOCK}`)
}

/** Requests Graph without a token: a refusal shows that it can be reached. */
export async function checkGraph({ settings: { issuer } }: CheckContext): Promise<CheckResult> {
  if (issuer.microsoft === null) return skipped('This issuer has no Microsoft Graph.')
  const { status } = await probe(`${issuer.microsoft.graph}/v1.0/me`)
  const found = `Answers ${status} without a token.`
  return status < 500 ? ok(found) : failed(found, 'Check again.')
}

/** Shows which features the operator may use, by their consent or an administrator's. */
export async function checkPermissions(deps: CheckContext): Promise<CheckResult> {
  const { settings, session, featuresOf } = deps
  if (settings.issuer.microsoft === null || !settings.reuseTokens) return skipped('Tokens are off.')
  if (session === null) return skipped('Nobody is signed in.')
  // Without a token this throws, with Microsoft's error number.
  await session.accessToken('graph')
  const features = Object.entries(await featuresOf(session))
  const found = features.map(([name, access]) => `${name}: ${access.replace('_', ' ')}`).join(', ')
  if (!found.includes('needed')) return ok(found)
  const fix = `An administrator can consent for everybody at ${CONSENT_PATH}?feature=sign_in&admin=1`
  return warning(found, fix)
}
