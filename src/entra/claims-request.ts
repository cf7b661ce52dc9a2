import * as v from 'valibot'
import type { Settings } from '../settings/settings.ts'

/** Tells resources that we understand claims challenges (continuous access evaluation). */
const CLIENT_CAPABILITIES = { xms_cc: { values: ['cp1'] } }

const Challenge = v.pipe(
  v.string(),
  v.parseJson(),
  v.record(v.string(), v.record(v.string(), v.unknown())),
)

/**
 * The `claims` parameter (OpenID Connect Core §5.5): a challenge to meet, our own capabilities, or both merged.
 * @param challenge JSON text of Microsoft's
 */
export function claimsParameter(
  challenge: string | null | undefined,
  { announcesCapabilities }: Settings,
): string | null {
  const { success, output } = v.safeParse(Challenge, challenge)
  // What cannot be read is not sent on; the service will say so again.
  const asked = success ? output : {}
  if (announcesCapabilities) {
    asked['access_token'] = { ...asked['access_token'], ...CLIENT_CAPABILITIES }
  }
  return Object.keys(asked).length === 0 ? null : JSON.stringify(asked)
}
