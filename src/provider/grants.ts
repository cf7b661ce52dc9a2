import { parseJson } from '../json.ts'
import * as v from 'valibot'
import type { SealedBox } from '../crypto/web-crypto.ts'
import { epochSeconds } from '../time.ts'

/** The right of a client to learn who a person is (RFC 6749 §1.3), for as long as the session lives. */
export type OidcGrant = v.InferOutput<typeof GrantShape>

const GrantShape = v.object({
  /** Random. It names everything that a code leads to, to revoke it when the code is redeemed twice. */
  id: v.string(),
  clientId: v.string(),
  /** Name of the session object. The grant ends with that session. */
  sessionName: v.string(),
  /** The secret of the session's cookie, wrapped with a key that only the session object has. */
  wrappedSecret: v.string(),
  scopes: v.pipe(v.array(v.string()), v.readonly()),
})

/** The part of an authorization request that the redemption of its code must match (RFC 6749 §4.1.3, RFC 7636). */
export type CodeRequest = v.InferOutput<typeof CodeShape>

const CodeShape = v.object({
  redirectUri: v.string(),
  codeChallenge: v.nullable(v.string()),
  nonce: v.nullable(v.string()),
})

const SealedGrant = v.object({ ...GrantShape.entries, expiresAt: v.number() })
const SealedCode = v.object({
  ...GrantShape.entries,
  ...CodeShape.entries,
  expiresAt: v.number(),
})

/** RFC 6749 §4.1.2 recommends ten minutes at most; the chat's server redeems a code immediately. */
const CODE_SECONDS = 60
/** Lifetime of access tokens and id tokens. */
export const TOKEN_SECONDS = 900

/**
 * Makes and opens authorization codes, access tokens and refresh tokens. Each is its sealed grant, so that nothing
 * is stored and clients cannot read them. Each kind has a key of its own, so that none passes for another. A method
 * that opens gives `null` for a text that is not ours, is of another kind or has expired.
 */
export class OidcGrants {
  readonly #box: SealedBox
  readonly #issuer: string

  constructor(box: SealedBox, issuer: string) {
    this.#box = box
    this.#issuer = issuer
  }

  sealCode(grant: OidcGrant & CodeRequest): Promise<string> {
    return this.#seal('oidc-code', grant, CODE_SECONDS)
  }

  openCode(code: string): Promise<(OidcGrant & CodeRequest) | null> {
    return this.#open('oidc-code', code, SealedCode)
  }

  sealAccessToken(grant: OidcGrant): Promise<string> {
    return this.#seal('oidc-access-token', grant, TOKEN_SECONDS)
  }

  openAccessToken(token: string): Promise<OidcGrant | null> {
    return this.#open('oidc-access-token', token, SealedGrant)
  }

  /** @param sessionExpiresAtSeconds epoch seconds: the token expires with its session */
  sealRefreshToken(grant: OidcGrant, sessionExpiresAtSeconds: number): Promise<string> {
    return this.#seal('oidc-refresh-token', grant, sessionExpiresAtSeconds - epochSeconds())
  }

  openRefreshToken(token: string): Promise<OidcGrant | null> {
    return this.#open('oidc-refresh-token', token, SealedGrant)
  }

  #seal(purpose: string, grant: OidcGrant, lifeSeconds: number): Promise<string> {
    const plain = JSON.stringify({ ...grant, expiresAt: epochSeconds() + lifeSeconds })
    return this.#box.seal(plain, { purpose, bound: [this.#issuer] })
  }

  async #open<T extends { readonly expiresAt: number }>(
    purpose: string,
    sealed: string,
    shape: v.GenericSchema<unknown, T>,
  ): Promise<T | null> {
    const plain = await this.#box.open(sealed, { purpose, bound: [this.#issuer] })
    const read = parseJson(plain, shape)
    return read !== null && read.expiresAt > epochSeconds() ? read : null
  }
}
