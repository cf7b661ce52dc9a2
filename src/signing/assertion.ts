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

/** A signed assertion and how long it may be handed out again. */
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
/** Whoever gets an assertion has 60 seconds to check it; the first 5 of its 120 are over when it is signed. */
const FRESH_MS = 55_000
const MAX_SIGNINGS = 5_000

/**
 * Says who is signed in, verifiably: an RS256 JWT for one audience. Signing costs more than everything else on
 * a proxied request, so one serves a session for 55 seconds; `jti` names the assertion, not the request.
 */
export class AssertionSigner {
  readonly #deps: AssertionSignerDeps
  readonly #signings = new Map<string, Signing>()

  constructor(deps: AssertionSignerDeps) {
    this.#deps = deps
  }

  async assertionFor(session: SessionView): Promise<Assertion> {
    // First, because another request of the session may sign while the keys are fetched.
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
