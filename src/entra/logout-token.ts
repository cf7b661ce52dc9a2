import { jwtVerify } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Entra } from './entra.ts'

/** Whom a back-channel logout is about. */
export interface LogoutNotice {
  readonly issuer: string
  readonly subject: string | null
  readonly sessionId: string | null
  /** `jti`, to refuse a replay. */
  readonly tokenId: string
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAXIMUM_AGE_SECONDS = 300

const Claims = v.pipe(
  v.object({
    iss: v.string(),
    jti: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    sub: v.optional(v.string()),
    sid: v.optional(v.string()),
    events: v.object({ [EVENT]: v.record(v.string(), v.unknown()) }),
    nonce: v.optional(v.unknown()),
  }),
  // An id token must not pass for a logout token, and carries a nonce (Back-Channel Logout 1.0 §2.4).
  v.check(({ sub, sid, nonce }) => (sub ?? sid) !== undefined && nonce === undefined),
)

/**
 * @returns `null` for anything but a fresh, signed logout token of this issuer for this client
 * @throws EntradaFailure `sign_in_unavailable` when the keys to check it with cannot be had
 */
export async function readLogoutToken(
  { metadata, keys, client }: Entra,
  token: string,
): Promise<LogoutNotice | null> {
  const server = await metadata.read()
  try {
    const { payload } = await jwtVerify(token, keys.of(server), {
      issuer: server.issuer,
      audience: client.client_id,
      algorithms: algorithmsOf(server),
      requiredClaims: ['iat', 'jti', 'events'],
      maxTokenAge: MAXIMUM_AGE_SECONDS,
      clockTolerance: 60,
    })
    const { iss, sub, sid, jti } = v.parse(Claims, payload)
    return { issuer: iss, subject: sub ?? null, sessionId: sid ?? null, tokenId: jti }
  } catch (cause) {
    if (cause instanceof EntradaFailure) throw cause
    // Every flaw is the same flaw to the sender.
    return null
  }
}

/** Signed the way id tokens are (Back-Channel Logout 1.0 §2.4); RS256 is what an issuer that is silent means. */
function algorithmsOf({ id_token_signing_alg_values_supported: listed }: AuthorizationServer) {
  const signing = (listed ?? []).filter((name) => /^(?:RS|PS|ES)\d{3}$|^Ed/.test(name))
  return signing.length === 0 ? ['RS256'] : signing
}
