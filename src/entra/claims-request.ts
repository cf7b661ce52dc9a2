import * as v from 'valibot'

/** Tells resources that we understand claims challenges (continuous access evaluation). */
const CLIENT_CAPABILITIES = { xms_cc: { values: ['cp1'] } }

const Request = v.pipe(
  v.string(),
  v.parseJson(),
  v.record(v.string(), v.record(v.string(), v.unknown())),
)

/**
 * The `claims` parameter (OpenID Connect Core §5.5): a challenge to meet, our own capabilities, or both merged.
 * @param challenge JSON text of Microsoft's; what cannot be read is not sent on
 */
export function claimsParameter(
  challenge: string | null,
  announcesCapabilities: boolean,
): string | null {
  const asked = challenge === null ? null : readRequest(challenge)
  if (!announcesCapabilities) return asked === null ? null : JSON.stringify(asked)
  const ofAccessToken = { ...asked?.['access_token'], ...CLIENT_CAPABILITIES }
  return JSON.stringify({ ...asked, access_token: ofAccessToken })
}

function readRequest(json: string): v.InferOutput<typeof Request> | null {
  // Where the challenge is none, the service will say so again.
  const parsed = v.safeParse(Request, json)
  return parsed.success ? parsed.output : null
}
