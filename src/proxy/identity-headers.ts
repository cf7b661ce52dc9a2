import type { SessionView } from '../session/session.ts'
import type { HeaderRule } from '../settings/chat-headers.ts'
import type { Settings } from '../settings/settings.ts'
import type { Assertion, AssertionSigner } from '../signing/assertion.ts'
import { PRESET_TABLE } from './presets.ts'

/**
 * Values as they go into a header. Whatever the text is, one value stays one value: nothing in it can end the
 * header (CR, LF), and nothing in a list's item can begin another item.
 */
export function encodeHeaderValue(
  value: string | readonly string[] | null,
  encoding: HeaderRule['encoding'],
): string | null {
  const plain = typeof value === 'string' ? PLAIN_TEXT : PLAIN_ITEM
  const items = [value ?? []].flat().map((item) => ENCODERS[encoding](item, plain))
  return items.filter((item) => item !== '').join(',') || null
}

/** Printable ASCII without `%`, so that percent-decoding gives back exactly what went in. */
const PLAIN_TEXT = /^[ -$&-~]+$/
/** Also without what separates or quotes items of a list (RFC 9110 §5.6). */
const PLAIN_ITEM = /^[ !#$&-+\--:<-[\]-~]+$/

const ENCODERS = { percent, ascii, base64 } as const satisfies Record<
  HeaderRule['encoding'],
  (text: string, plain: RegExp) => string
>

function percent(text: string, plain: RegExp): string {
  // Spaces at the ends every parser would drop.
  if (plain.test(text) && text === text.trim()) return text
  // A lone surrogate cannot be encoded; names from a directory are not always well formed.
  return encodeURIComponent(text.toWellFormed())
}

/** Letters that do not fall apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ð: 'd', Ð: 'D',
  þ: 'th', Þ: 'Th', ł: 'l', Ł: 'L', ħ: 'h', Ħ: 'H', ı: 'i', ŋ: 'n', Ŋ: 'N', ŧ: 't', Ŧ: 'T',
} // prettier-ignore

function ascii(text: string, plain: RegExp): string {
  const folded = text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^ -~]/gu, (letter) => LETTERS[letter] ?? (/\s/u.test(letter) ? ' ' : '?'))
    .trim()
  if (plain.test(folded)) return folded
  return plain === PLAIN_ITEM ? folded.replace(/[,;"\\%]/g, ' ').trim() : folded
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

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
      freshUntil: assertion.freshUntilMs,
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
