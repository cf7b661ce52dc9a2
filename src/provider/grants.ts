import { parseJson } from '../json.ts'
import * as v from 'valibot'
import { epochSeconds } from '../time.ts'
import type { SealedBox } from '../crypto/sealed-box.ts'

/** What a person gave a client: the right to ask who they are, for as long as their session lives. */
export type OidcGrant = v.InferOutput<typeof GrantShape>

const GrantShape = v.object({
  /** Random; a code that is redeemed twice takes everything of its grant away. */
  id: v.string(),
  clientId: v.string(),
  /** The session it was given in. What is built on it ends with that session. */
  sessionName: v.string(),
  wrappedSecret: v.string(),
  scopes: v.pipe(v.array(v.string()), v.readonly()),
})

/** What the code was made for, and must be redeemed with. */
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

/** RFC 6749 §4.1.2 recommends ten minutes at most; the chat's server redeems it at once. */
const CODE_SECONDS = 60
/** How long an access token and an id token hold. */
export const TOKEN_SECONDS = 900

/**
 * Codes and tokens are what they stand for, sealed: nothing is stored, and what a client holds opens only here.
 * Each kind has a key of its own, so that none passes for another.
 */
export class OidcGrants {
  readonly #box: SealedBox
  readonly #issuer: string

  constructor(box: SealedBox, issuer: string) {
    this.#box = box
    this.#issuer = issuer
  }

  code(grant: OidcGrant & CodeRequest): Promise<string> {
    return this.#seal('oidc-code', grant, CODE_SECONDS)
  }

  /** `null` for what is no code of ours, or is too old. */
  openCode(code: string): Promise<(OidcGrant & CodeRequest) | null> {
    return this.#open('oidc-code', code, SealedCode)
  }

  accessToken(grant: OidcGrant): Promise<string> {
    return this.#seal('oidc-access-token', grant, TOKEN_SECONDS)
  }

  openAccessToken(token: string): Promise<OidcGrant | null> {
    return this.#open('oidc-access-token', token, SealedGrant)
  }

  /** Lives no longer than the session, which is asked each time it is used. */
  refreshToken(grant: OidcGrant, sessionExpiresAt: number): Promise<string> {
    return this.#seal('oidc-refresh-token', grant, sessionExpiresAt - epochSeconds())
  }

  openRefreshToken(token: string): Promise<OidcGrant | null> {
    return this.#open('oidc-refresh-token', token, SealedGrant)
  }

  #seal(purpose: string, grant: OidcGrant, seconds: number): Promise<string> {
    const plain = JSON.stringify({ ...grant, expiresAt: epochSeconds() + seconds })
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
