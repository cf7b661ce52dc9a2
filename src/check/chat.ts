import { isLoopback } from '../settings/variables.ts'
import { probe } from './answer-at.ts'
import { failed, ok, skipped, warning, type CheckContext, type CheckResult } from './verdict.ts'

/** The chat as everybody gets it: by the same road, with the secret, in the name of whoever asks. */
export async function checkChat({ settings, session, toChat }: CheckContext): Promise<CheckResult> {
  const request = new Request(settings.publicOrigin, { headers: { accept: 'text/html' } })
  const { status, body } = await toChat(request, session)
  void body?.cancel()
  const secret = settings.origin.secret === null ? '' : ' with ORIGIN_SECRET'
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
/** They sign people in or verify who does: what they show to strangers may be an empty shell. */
const OWN_SIGN_IN: ReadonlySet<string> = new Set(['librechat', 'onyx'])

/** A Worker asks from Cloudflare, by whose certificate, addresses or zone it may pass where a stranger would not. */
const OUTSIDE = 'Try it from outside Cloudflare, too: docs/protecting-the-chat.md'
const LOCK = `Have it demand ORIGIN_SECRET, or lock it by a tunnel or mutual TLS. ${OUTSIDE}`

/** Whether the chat's own address, where it has one, answers those who did not come through Entrada. */
export async function checkOriginProtection(deps: CheckContext): Promise<CheckResult> {
  const { url, preset } = deps.settings.origin
  if (deps.isServiceBound || url === null) {
    return skipped(`ORIGIN_URL is not used. ${OUTSIDE}`)
  }
  if (isLoopback(url)) return skipped('The chat is on this machine.')
  const answers = await Promise.all(STRANGERS.map((headers) => probe(url, headers)))
  const found = `${url.host} answers people who did not come through Entrada: ${answers.map(({ status }) => status).join(', with a spoofed X-Forwarded-User ')}.`
  if (answers.some(({ status }) => status >= 200 && status < 300)) {
    return OWN_SIGN_IN.has(preset) ? warning(found, LOCK) : failed(found, LOCK)
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
