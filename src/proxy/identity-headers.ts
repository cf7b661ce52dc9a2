import type { SessionView } from '../session/session.ts'
import type { HeaderRule } from '../settings/chat-headers.ts'
import type { Settings } from '../settings/settings.ts'
import type { Assertion, AssertionSigner } from '../signing/assertion.ts'
import { PRESETS } from '../settings/presets.ts'

/** Carries the signed assertion (JWT) to the chat app. */
export const ASSERTION_HEADER = 'entrada-assertion'

/** The identity headers of one session, ready to be set. */
export interface PreparedIdentity {
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Epoch milliseconds at which the assertion must be signed again. */
  readonly freshUntilMs: number
}

/** Prepares the identity headers of a session about once a minute, so that a proxied request only copies them. */
export class IdentityHeaders {
  readonly #rules: readonly (readonly [name: string, rule: HeaderRule])[]
  readonly #sendsBearer: boolean
  readonly #sendsAssertion: boolean
  readonly #hasAdminRole: boolean
  readonly #signer: AssertionSigner
  /** Keyed by the session's object, so that an entry is collected together with its session. */
  readonly #prepared = new WeakMap<SessionView, PreparedIdentity>()

  constructor(settings: Settings, signer: AssertionSigner) {
    const { chat } = settings
    this.#rules = [...rulesOf(chat)].filter(([name]) => name !== ASSERTION_HEADER)
    this.#sendsBearer = PRESETS[chat.preset].takesBearer
    this.#sendsAssertion = chat.headers.get(ASSERTION_HEADER) !== null
    this.#hasAdminRole = settings.adminRole !== null
    this.#signer = signer
  }

  /** Names of the headers that this installation sets, lower-case. */
  get names(): readonly string[] {
    return this.#rules.map(([name]) => name)
  }

  /** Returns the prepared headers while they are fresh, without a promise; otherwise `null`. */
  cached(session: SessionView): PreparedIdentity | null {
    const identity = this.#prepared.get(session)
    return identity !== undefined && Date.now() < identity.freshUntilMs ? identity : null
  }

  /** Signs an assertion and prepares the headers with it. */
  async prepare(session: SessionView): Promise<PreparedIdentity> {
    const assertion = await this.#signer.assertionFor(session)
    const identity = {
      headers: this.#headersOf(session, assertion),
      freshUntilMs: assertion.freshUntilMs,
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
    if (this.#sendsBearer) headers.push(['authorization', `Bearer ${token}`])
    return headers
  }

  #valueOf(
    claim: HeaderRule['claim'],
    { user, isOperator }: SessionView,
  ): string | readonly string[] | null {
    if (claim !== 'role') return user[claim]
    // Without OPENID_ADMIN_ROLE Entrada knows no operators, and `user` would demote the app's administrators.
    if (!this.#hasAdminRole) return null
    return isOperator ? 'admin' : 'user'
  }
}

function rulesOf({ preset, headers }: Settings['chat']): ReadonlyMap<string, HeaderRule> {
  const rules = new Map(Object.entries(PRESETS[preset].headers))
  for (const [name, rule] of headers) {
    if (rule === null) rules.delete(name)
    else rules.set(name, rule)
  }
  return rules
}

/** Whether the chat app cannot identify a person without an address: it gets the email and nothing else. */
export function needsAddress(chat: Settings['chat']): boolean {
  const { goesByAddress, takesBearer } = PRESETS[chat.preset]
  const getsAddress =
    takesBearer || [...rulesOf(chat).values()].some(({ claim }) => claim === 'email')
  return goesByAddress && getsAddress
}

/**
 * Encodes a claim as a header value; `null` when nothing is left of it. No text can end the header (CR, LF), and
 * no item of a list can begin another item.
 * @param value a list is joined by commas
 */
export function encodeHeaderValue(
  value: string | readonly string[] | null,
  encoding: HeaderRule['encoding'],
): string | null {
  const plain = typeof value === 'string' ? PLAIN_TEXT : PLAIN_ITEM
  const items = [value ?? []].flat().map((item) => ENCODERS[encoding](item, plain))
  return items.filter((item) => item !== '').join(',') || null
}

/** Printable ASCII without `%`, so that percent-decoding returns the original text. */
const PLAIN_TEXT = /^[ -$&-~]+$/
/** As PLAIN_TEXT, without characters that separate or quote list items (RFC 9110 §5.6). */
const PLAIN_ITEM = /^[ !#$&-+\--:<-[\]-~]+$/

const ENCODERS = { percent, ascii, base64 } as const satisfies Record<
  HeaderRule['encoding'],
  (text: string, plain: RegExp) => string
>

function percent(text: string, plain: RegExp): string {
  // Parsers drop spaces at both ends, so such a text is encoded.
  if (plain.test(text) && text === text.trim()) return text
  // `encodeURIComponent` throws on a lone surrogate, and directory names contain them.
  return encodeURIComponent(text.toWellFormed())
}

/** Letters that Unicode does not decompose into a base letter and a mark. */
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
