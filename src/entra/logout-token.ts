import { jwtVerify } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Entra } from './entra.ts'

/** What a verified logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4). At least one of `subject` and `sessionId` is there. */
export interface LogoutTokenClaims {
  readonly issuer: string
  /** `sub`. */
  readonly subject: string | null
  /** `sid`. */
  readonly sessionId: string | null
  /** `jti`, to detect a replay. */
  readonly tokenId: string
}

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAX_AGE_SECONDS = 300

const Claims = v.pipe(
  v.object({
    iss: v.string(),
    jti: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    sub: v.optional(v.string()),
    sid: v.optional(v.string()),
    events: v.object({ [LOGOUT_EVENT]: v.record(v.string(), v.unknown()) }),
    nonce: v.optional(v.unknown()),
  }),
  // An id token must not pass for a logout token. Only an id token has a nonce (Back-Channel Logout 1.0 §2.4).
  v.check(({ sub, sid, nonce }) => (sub ?? sid) !== undefined && nonce === undefined),
)

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6).
 * @param token in compact form
 * @returns `null` for anything but a fresh, signed logout token of this issuer for this client
 * @throws EntradaFailure `sign_in_unavailable` when the issuer's keys cannot be read
 */
export async function readLogoutToken(
  { metadata, keys, client }: Entra,
  token: string,
): Promise<LogoutTokenClaims | null> {
  const server = await metadata.read()
  try {
    const { payload } = await jwtVerify(token, keys.keysFor(server), {
      issuer: server.issuer,
      audience: client.client_id,
      algorithms: algorithmsOf(server),
      requiredClaims: ['iat', 'jti', 'events'],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: 60,
    })
    const { iss, sub, sid, jti } = v.parse(Claims, payload)
    return { issuer: iss, subject: sub ?? null, sessionId: sid ?? null, tokenId: jti }
  } catch (cause) {
    if (cause instanceof EntradaFailure) throw cause
    // The sender learns only that the token is invalid, not why.
    return null
  }
}

/** The issuer's algorithms for id tokens (Back-Channel Logout 1.0 §2.4); RS256 where the metadata list none. */
function algorithmsOf({ id_token_signing_alg_values_supported: listed }: AuthorizationServer) {
  const signing = (listed ?? []).filter((name) => /^(?:RS|PS|ES)\d{3}$|^Ed/.test(name))
  return signing.length === 0 ? ['RS256'] : signing
}
