import { CONSENT_PATH } from '../paths.ts'
import { PRESETS } from '../settings/presets.ts'
import { isLoopback } from '../settings/variables.ts'
import { type CheckContext, type CheckResult, failed, ok, skipped, warning } from './check.ts'
import { silentAmong } from './health.ts'

/** Bad ones serve nothing at all; what is left is worth saying. */
export async function checkSettings({
  settings: { warnings },
}: CheckContext): Promise<CheckResult> {
  if (warnings.length === 0) return ok('All hold.')
  return warning(warnings.join('. '), 'Mend or remove them.')
}

export async function checkBindings({ dependencies, log }: CheckContext): Promise<CheckResult> {
  const names = await silentAmong(dependencies, log)
  if (names.length === 0) return ok('All answer.')
  return failed(`No answer: ${names.join(', ')}.`, 'See wrangler.toml and the log.')
}

/** A Worker does not learn by which other names it answers, nor what becomes of requests it is not run for. */
export async function checkOtherHostNames(): Promise<CheckResult> {
  return skipped('See the dashboard: the route fails closed, workers.dev is off.')
}

/** What an address answers, body unread. Without a deadline: the look has one, and what is given up ends with the request. */
export async function probe(
  address: URL | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly location: string | null }> {
  const response = await fetch(address, { headers, redirect: 'manual' })
  void response.body?.cancel()
  return { status: response.status, location: response.headers.get('location') }
}

/** The chat as everybody gets it: by the same road, with the secret, in the name of whoever asks. */
export async function checkChat({ settings, session, toChat }: CheckContext): Promise<CheckResult> {
  const request = new Request(settings.publicOrigin, { headers: { accept: 'text/html' } })
  const { status, body } = await toChat(request, session)
  void body?.cancel()
  const secret = settings.chat.secret === null ? '' : ' with ORIGIN_SECRET'
  const found = `Answers ${status} to Entrada${secret}.`
  if (status >= 500) return failed(found, 'See its log.')
  if (status !== 401 && status !== 403) return ok(found)
  // A chat may well refuse whom it is not told of.
  if (session === null) return warning(found, 'Sign in and check again.')
  return failed(found, 'Compare ORIGIN_SECRET and ORIGIN_PRESET with what it wants.')
}

/** Headers of somebody who found the chat's own address. The name is nobody's, should a chat make accounts. */
const STRANGERS = [{}, { 'x-forwarded-user': 'entrada-check' }] as const

const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 421])

/** A Worker asks from Cloudflare, by whose certificate, addresses or zone it may pass where a stranger would not. */
const OUTSIDE = 'Try it from outside Cloudflare, too: docs/protecting-the-chat.md'
const LOCK = `Have it demand ORIGIN_SECRET, or lock it by a tunnel or mutual TLS. ${OUTSIDE}`

/** Whether the chat's own address, where it has one, answers those who did not come through Entrada. */
export async function checkOriginProtection(deps: CheckContext): Promise<CheckResult> {
  const { url, preset } = deps.settings.chat
  if (deps.isServiceBound || url === null) {
    return skipped(`ORIGIN_URL is not used. ${OUTSIDE}`)
  }
  if (isLoopback(url)) return skipped('The chat is on this machine.')
  const answers = await Promise.all(STRANGERS.map((headers) => probe(url, headers)))
  const found = `${url.host} answers people who did not come through Entrada: ${answers.map(({ status }) => status).join(', with a spoofed X-Forwarded-User ')}.`
  if (answers.some(({ status }) => status >= 200 && status < 300)) {
    return PRESETS[preset].hasOwnSignIn ? warning(found, LOCK) : failed(found, LOCK)
  }
  const { publicOrigin } = deps.settings
  const isRefused = answers.every(
    ({ status, location }) =>
      REFUSALS.has(status) || location?.startsWith(`${publicOrigin}/`) === true,
  )
  if (isRefused) return ok(found)
  // A redirect to a sign-in of its own keeps out those who knock there; another path may believe a header.
  return warning(found, `401 or 403 would be right. ${LOCK}`)
}

/** Asked without a token: being refused one is an answer. */
export async function checkGraph({ settings: { issuer } }: CheckContext): Promise<CheckResult> {
  if (issuer.microsoft === null) return skipped('Not with this issuer.')
  const { status } = await probe(`${issuer.microsoft.graph}/v1.0/me`)
  const found = `Answers ${status} without a token.`
  return status < 500 ? ok(found) : failed(found, 'Check again.')
}

/** What the person who asks has consented to, or an administrator for everybody. */
export async function checkPermissions(deps: CheckContext): Promise<CheckResult> {
  const { settings, session, featuresOf } = deps
  if (settings.issuer.microsoft === null || !settings.reuseTokens) return skipped('Sign-in only.')
  if (session === null) return skipped('Nobody is signed in.')
  // Throws with Microsoft's number where there is no token to be had.
  await session.accessToken('graph')
  const features = Object.entries(await featuresOf(session))
  const found = features.map(([name, access]) => `${name}: ${access.replace('_', ' ')}`).join(', ')
  if (!found.includes('needed')) return ok(found)
  const fix = `An administrator consents for all at ${CONSENT_PATH}?feature=sign_in&admin=1`
  return warning(found, fix)
}
