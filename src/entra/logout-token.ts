import { compactVerify } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { epochSeconds } from '../epoch-seconds.ts'
import { EntradaFailure } from '../failure.ts'
import { CLOCK_TOLERANCE_SECONDS, type Entra } from './entra.ts'

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

/** What Back-Channel Logout 1.0 §2.4 wants in one, beside who signed it for whom. */
const Claims = v.object({
  iss: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  iat: v.number(),
  exp: v.optional(v.number(), Number.POSITIVE_INFINITY),
  nbf: v.optional(v.number(), 0),
  jti: v.pipe(v.string(), v.regex(/^.{1,256}$/s)),
  sub: v.optional(v.string()),
  sid: v.optional(v.string()),
  events: v.object({ [EVENT]: v.record(v.string(), v.unknown()) }),
  nonce: v.optional(v.unknown()),
})

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
    const options = { algorithms: algorithmsOf(server) }
    const { payload } = await compactVerify(token, keys.of(server), options)
    const claims = v.parse(Claims, JSON.parse(new TextDecoder().decode(payload)))
    const { iss, aud, sub, sid, jti, nonce } = claims
    const isForUs = iss === server.issuer && [aud].flat().includes(client.client_id)
    // An id token must not pass for a logout token, and carries a nonce.
    const isOfLogout = (sub ?? sid) !== undefined && nonce === undefined
    if (!isForUs || !isOfLogout || !isFresh(claims)) return null
    return { issuer: iss, subject: sub ?? null, sessionId: sid ?? null, tokenId: jti }
  } catch (cause) {
    if (cause instanceof EntradaFailure) throw cause
    // Every flaw is the same flaw to the sender.
    return null
  }
}

function isFresh({ iat, nbf, exp }: v.InferOutput<typeof Claims>): boolean {
  const earliest = epochSeconds() - CLOCK_TOLERANCE_SECONDS
  const latest = epochSeconds() + CLOCK_TOLERANCE_SECONDS
  return iat >= earliest - MAXIMUM_AGE_SECONDS && Math.max(iat, nbf) <= latest && exp > earliest
}

/** Signed the way id tokens are (Back-Channel Logout 1.0 §2.4); RS256 is what an issuer that is silent means. */
function algorithmsOf({ id_token_signing_alg_values_supported: listed }: AuthorizationServer) {
  const signing = (listed ?? []).filter((name) => /^(?:RS|PS|ES)\d{3}$|^Ed/.test(name))
  return signing.length === 0 ? ['RS256'] : signing
}
