import { createRemoteJWKSet, jwtVerify } from 'jose'
import type * as oauth from 'oauth4webapi'
import * as v from 'valibot'

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
  v.looseObject({
    iss: v.string(),
    jti: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    sub: v.optional(v.string()),
    sid: v.optional(v.string()),
    events: v.looseObject({ [EVENT]: v.record(v.string(), v.unknown()) }),
    // An id token must not pass for a logout token, and carries one (Back-Channel Logout 1.0 §2.4).
    nonce: v.optional(v.undefined_()),
  }),
  v.check(({ sub, sid }) => sub !== undefined || sid !== undefined),
)

/** @returns `null` for anything but a fresh, signed logout token of this issuer for this client */
export async function readLogoutToken(
  token: string,
  server: oauth.AuthorizationServer,
  clientId: string,
): Promise<LogoutNotice | null> {
  if (server.jwks_uri === undefined) return null
  try {
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(server.jwks_uri)), {
      issuer: server.issuer,
      audience: clientId,
      algorithms: ['RS256', 'PS256', 'ES256'],
      requiredClaims: ['iat', 'jti', 'events'],
      maxTokenAge: MAXIMUM_AGE_SECONDS,
      clockTolerance: 60,
    })
    const { iss, sub, sid, jti } = v.parse(Claims, payload)
    return { issuer: iss, subject: sub ?? null, sessionId: sid ?? null, tokenId: jti }
  } catch {
    // Every flaw is the same flaw to the sender.
    return null
  }
}
