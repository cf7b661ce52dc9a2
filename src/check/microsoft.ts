import { probe } from './answer-at.ts'
import { failed, ok, skipped, warning, type CheckContext, type CheckResult } from './verdict.ts'

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
  const fix = 'An administrator consents for all at /.entrada/consent?feature=sign_in&admin=1'
  return warning(found, fix)
}
