import { SignJWT, type JSONWebKeySet } from 'jose'
import type { SessionView } from '../session/session.ts'
import { SigningKeys, type SigningKeysParts } from './signing-keys.ts'

export interface AssertionSignerParts extends SigningKeysParts {
  /** `DOMAIN_SERVER`. */
  readonly issuer: string
}

/** A signed assertion and how long it may be handed out again. */
export interface Assertion {
  readonly token: string
  /** Epoch milliseconds. */
  readonly freshUntil: number
}

interface Signing {
  readonly assertion: Promise<Assertion>
  readonly freshUntil: number
}

const LIFE_SECONDS = 120
/** Half of its life, so that whoever gets it has a minute to check it. */
const FRESH_MS = 60_000
/** Isolates live long; what they remember must not grow with the number of users. */
const REMEMBERED = 5_000

/**
 * Says who is signed in, verifiably: an RS256 JWT for one audience. Signing costs more than everything else on
 * a proxied request, so one serves a session for a minute; `jti` names the assertion, not the request.
 */
export class AssertionSigner {
  readonly #issuer: string
  readonly #keys: SigningKeys
  readonly #signings = new Map<string, Signing>()

  constructor({ issuer, ...keys }: AssertionSignerParts) {
    this.#issuer = issuer
    this.#keys = new SigningKeys(keys)
  }

  async assertionFor(session: SessionView, audience: string): Promise<Assertion> {
    const name = `${session.id} ${audience}`
    const known = this.#signings.get(name)
    if (known !== undefined && Date.now() < known.freshUntil) return known.assertion
    const key = await this.#keys.current()
    // Another request of the session may have signed while the keys were fetched.
    const other = this.#signings.get(name)
    if (other !== undefined && Date.now() < other.freshUntil) return other.assertion
    const freshUntil = Date.now() + FRESH_MS
    const assertion = this.#sign(session, audience, key).then((token) => ({ token, freshUntil }))
    this.#remember(name, { assertion, freshUntil })
    assertion.catch(() => this.#signings.delete(name))
    return assertion
  }

  publicKeys(): Promise<JSONWebKeySet> {
    return this.#keys.published()
  }

  #sign({ user }: SessionView, audience: string, key: Awaited<ReturnType<SigningKeys['current']>>) {
    const issuedAt = Math.floor(Date.now() / 1000)
    return new SignJWT({
      tid: user.tenantId,
      ...(user.email === null ? {} : { email: user.email }),
      ...(user.name === null ? {} : { name: user.name }),
      ...(user.username === null ? {} : { preferred_username: user.username }),
      groups: [...user.groups],
      roles: [...user.roles],
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      .setIssuer(this.#issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setJti(crypto.randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFE_SECONDS)
      .sign(key.privateKey)
  }

  #remember(name: string, signing: Signing): void {
    this.#signings.delete(name)
    this.#signings.set(name, signing)
    const [oldest] = this.#signings.keys()
    if (this.#signings.size > REMEMBERED && oldest !== undefined) this.#signings.delete(oldest)
  }
}

/** `GET /.entrada/jwks.json`. Keys are published two days before they sign, so verifiers may keep the set. */
export async function jwksResponse(signer: AssertionSigner): Promise<Response> {
  return new Response(JSON.stringify(await signer.publicKeys()), {
    headers: {
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=3600',
    },
  })
}
