import { createHash } from 'node:crypto'
import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import type { AuthorizationCode, CodeChallenge, Grant, RefreshToken } from './grants.ts'

/** A grant that passed every check, and what its redemption may issue. */
export interface Redemption {
  readonly grant: Grant
  readonly scope: string
  readonly nonce: string | null
  /** The redeemed refresh token; `null` for a code. */
  readonly previous: RefreshToken | null
}

export interface Presented {
  readonly form: URLSearchParams
  readonly clientId: string
  /** First path segment of the requested token endpoint. */
  readonly authority: string
}

export function redeemCode(
  world: EntraWorld,
  { form, clientId, authority }: Presented,
): Redemption {
  const { grants } = world.entra
  const value = form.get('code') ?? ''
  if (value === '') throw new AadstsError(900144, "Parameter: 'code'.")
  const code = grants.code(value)
  if (code === null || code.clientId !== clientId) throw new AadstsError(70000, "Input: 'code'.")
  if (code.authority !== authority) throw new AadstsError(700005)
  if (form.get('redirect_uri') !== code.redirectUri) throw new AadstsError(500112)
  checkVerifier(code, form.get('code_verifier'))
  if (grants.isRevoked(value)) throw new AadstsError(50173)
  if (grants.isExpiredCode(code)) throw new AadstsError(70008)
  if (!grants.redeem(value)) throw new AadstsError(54005)
  const scope = form.get('scope')
  return {
    grant: code,
    scope: scope === null || scope === '' ? code.scope : scope,
    nonce: code.nonce,
    previous: null,
  }
}

export function redeemRefreshToken(
  world: EntraWorld,
  { form, clientId, authority }: Presented,
): Redemption {
  const { faults, entra } = world
  const value = form.get('refresh_token') ?? ''
  if (value === '') throw new AadstsError(900144, "Parameter: 'refresh_token'.")
  const token = entra.grants.refreshToken(value)
  if (token === null || token.clientId !== clientId) {
    throw new AadstsError(70000, "Input: 'refresh_token'.")
  }
  const isForeign = world.tenants.some(
    ({ tenantId }) => tenantId === authority && tenantId !== token.tenantId,
  )
  if (isForeign) throw new AadstsError(50020)
  const scope = form.get('scope') ?? ''
  if (scope.trim() === '') throw new AadstsError(90009)
  const { userId } = token
  if (entra.grants.isRevoked(value) || faults.take('entra.session_revoked', userId) !== null) {
    throw new AadstsError(50173, `The grant was issued on '${iso(token.issuedAt)}'.`)
  }
  if (faults.take('entra.grant_expired', userId) !== null) throw new AadstsError(700082)
  if (Date.now() >= token.expiresAt) throw expired(token)
  if (faults.take('entra.sign_in_frequency', userId) !== null) {
    throw new AadstsError(70043, `The token was issued on ${iso(token.issuedAt)}.`)
  }
  const isLoop = entra.loops.isLoop(`${value} ${scope}`)
  if (isLoop || faults.take('entra.loop_detected', userId) !== null) throw new AadstsError(50196)
  return { grant: token, scope, nonce: null, previous: token }
}

function expired(token: RefreshToken): AadstsError {
  const detail = `The token was issued on ${iso(token.issuedAt)}.`
  return new AadstsError(token.isSinglePage ? 700084 : 700082, detail)
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

/** RFC 7636 §4.6. A verifier without a challenge is a mismatch too (RFC 9700 §2.1.1). */
function checkVerifier({ challenge }: AuthorizationCode, verifier: string | null): void {
  if (challenge === null) {
    if (verifier !== null) throw new AadstsError(501481)
    return
  }
  const isWellFormed = /^[\w.~-]{43,128}$/.test(verifier ?? '')
  if (
    verifier === null ||
    !isWellFormed ||
    challengeOf(verifier, challenge.method) !== challenge.value
  ) {
    throw new AadstsError(501481)
  }
}

function challengeOf(verifier: string, method: CodeChallenge['method']): string {
  if (method === 'plain') return verifier
  return createHash('sha256').update(verifier).digest('base64url')
}
