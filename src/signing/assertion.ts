import { epochSeconds, issuedAt } from '../time.ts'
import type { SessionView } from '../session/session.ts'
import { setBounded } from '../storage/bounded-map.ts'
import { signedBy, type SigningKey, type SigningKeys } from './signing-keys.ts'

export interface AssertionSignerDeps {
  readonly keys: SigningKeys
  /** `DOMAIN_SERVER`. */
  readonly issuer: string
  /** Where the chat app is. */
  readonly audience: string
}

/** A signed assertion, and until when it may be sent again. */
export interface Assertion {
  readonly token: string
  /** Epoch milliseconds. */
  readonly freshUntilMs: number
}

interface Signing {
  readonly token: Promise<string>
  readonly freshUntilMs: number
}

const LIFETIME_SECONDS = 120
/** Leaves the chat app 60 seconds to verify it: `iat` is 5 seconds before the signature (120 − 5 − 55). */
const FRESH_MS = 55_000
const MAX_SIGNINGS = 5_000

/**
 * Signs who is signed in: an RS256 JWT for one audience. Signing costs more than the rest of a proxied request, so one
 * assertion serves a session for 55 seconds. `jti` names the assertion, not the request.
 */
export class AssertionSigner {
  readonly #deps: AssertionSignerDeps
  readonly #signings = new Map<string, Signing>()

  constructor(deps: AssertionSignerDeps) {
    this.#deps = deps
  }

  async assertionFor(session: SessionView): Promise<Assertion> {
    // Awaited first: another request of the session may sign while the keys are fetched.
    const key = await this.#deps.keys.current()
    const known = this.#signings.get(session.id)
    const { token, freshUntilMs } =
      known !== undefined && Date.now() < known.freshUntilMs ? known : this.#signing(session, key)
    return { token: await token, freshUntilMs }
  }

  /** Whether a token is an assertion of ours that has not expired. */
  async isOwn(token: string): Promise<boolean> {
    const { keys, issuer, audience } = this.#deps
    const claims = await keys.verify(token)
    const isOurs = claims?.['iss'] === issuer && claims['aud'] === audience
    return isOurs && Number(claims['exp']) > epochSeconds()
  }

  #signing({ id, user }: SessionView, key: SigningKey): Signing {
    const iat = issuedAt()
    const token = signedBy(key, {
      iss: this.#deps.issuer,
      aud: this.#deps.audience,
      sub: user.id,
      tid: user.tenantId,
      email: user.email ?? undefined,
      name: user.name ?? undefined,
      preferred_username: user.username ?? undefined,
      groups: user.groups,
      roles: user.roles,
      jti: crypto.randomUUID(),
      iat,
      exp: iat + LIFETIME_SECONDS,
    })
    token.catch(() => this.#signings.delete(id))
    const signing = { token, freshUntilMs: Date.now() + FRESH_MS }
    setBounded(this.#signings, [id, signing], MAX_SIGNINGS)
    return signing
  }
}
