import type { SessionView } from '../session/session.ts'
import type { HeaderRule } from '../settings/origin-headers.ts'
import type { Settings } from '../settings/settings.ts'
import type { Assertion, AssertionSigner } from './assertion.ts'
import { encodeHeaderValue } from './header-encoding.ts'
import { PRESET_TABLE } from './presets.ts'

export const ASSERTION_HEADER = 'entrada-assertion'

/** What the chat app is told about one session, ready to be set. */
export interface PreparedIdentity {
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Epoch milliseconds; then the assertion is due to be signed anew. */
  readonly freshUntil: number
}

/** Prepared once per session and minute: on a proxied request they are only copied. */
export class IdentityHeaders {
  readonly #rules: readonly (readonly [name: string, rule: HeaderRule])[]
  readonly #asBearer: boolean
  readonly #sendsAssertion: boolean
  readonly #knowsOperators: boolean
  readonly #signer: AssertionSigner
  /** Keyed by the very object, so what is remembered of a session goes when the session does. */
  readonly #prepared = new WeakMap<SessionView, PreparedIdentity>()

  constructor(settings: Settings, signer: AssertionSigner) {
    const { origin } = settings
    this.#rules = [...rulesOf(origin)].filter(([name]) => name !== ASSERTION_HEADER)
    this.#asBearer = PRESET_TABLE[origin.preset].takesBearer ?? false
    this.#sendsAssertion = origin.headers.get(ASSERTION_HEADER) !== null
    this.#knowsOperators = settings.adminRole !== null
    this.#signer = signer
  }

  /** Names this installation sets, lower-case. */
  get names(): readonly string[] {
    return this.#rules.map(([name]) => name)
  }

  /** What is prepared already, so that the common request waits for nothing. */
  known(session: SessionView): PreparedIdentity | null {
    const identity = this.#prepared.get(session)
    return identity !== undefined && Date.now() < identity.freshUntil ? identity : null
  }

  async prepare(session: SessionView): Promise<PreparedIdentity> {
    const assertion = await this.#signer.assertionFor(session)
    const identity = {
      headers: this.#headersOf(session, assertion),
      freshUntil: assertion.freshUntil,
    }
    this.#prepared.set(session, identity)
    return identity
  }

  #headersOf(session: SessionView, { token }: Assertion): [string, string][] {
    const headers = this.#rules.flatMap(([name, { claim, encoding }]): [string, string][] => {
      const value = encodeHeaderValue(this.#valueOf(claim, session), encoding)
      return value === null ? [] : [[name, value]]
    })
    if (this.#sendsAssertion) headers.push([ASSERTION_HEADER, token])
    if (this.#asBearer) headers.push(['authorization', `Bearer ${token}`])
    return headers
  }

  #valueOf(
    claim: HeaderRule['claim'],
    { user, isOperator }: SessionView,
  ): string | readonly string[] | null {
    if (claim !== 'role') return user[claim]
    // Without OPENID_ADMIN_ROLE nobody is known to be one, and `user` would take the role from the app's own.
    if (!this.#knowsOperators) return null
    return isOperator ? 'admin' : 'user'
  }
}

function rulesOf({ preset, headers }: Settings['origin']): ReadonlyMap<string, HeaderRule> {
  const rules = new Map(Object.entries(PRESET_TABLE[preset].headers))
  for (const [name, rule] of headers) {
    if (rule === null) rules.delete(name)
    else rules.set(name, rule)
  }
  return rules
}

/** Whether the chat has no place for people without an address. `ORIGIN_HEADERS` may name them by another claim. */
export function needsAddress(origin: Settings['origin']): boolean {
  const { goesByAddress = false, takesBearer = false } = PRESET_TABLE[origin.preset]
  const isTold = takesBearer || [...rulesOf(origin).values()].some(({ claim }) => claim === 'email')
  return goesByAddress && isTold
}
