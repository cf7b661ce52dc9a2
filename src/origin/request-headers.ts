import type { ReadonlyHeaders } from '../request-head.ts'
import type { Settings } from '../settings/settings.ts'
import type { PreparedIdentity } from './identity-headers.ts'
import { withoutOwnCookies } from './own-cookies.ts'
import { StrippedHeaders } from './withheld-headers.ts'

/** By which the chat app, or what stands in front of it, knows that a request came through here. */
export const SECRET_HEADER = 'entrada-origin-secret'

/** Makes the headers of the request to the chat app: the client's, less what is ours to say, plus what we say. */
export class ProxyRequestHeaders {
  readonly #withheld: StrippedHeaders
  readonly #proto: string
  readonly #host: string
  readonly #secret: string | null

  /** @param names of the identity headers this installation sets */
  constructor({ publicOrigin, origin }: Settings, names: readonly string[]) {
    const url = new URL(publicOrigin)
    this.#withheld = new StrippedHeaders(names)
    this.#secret = origin.secret
    this.#proto = url.protocol.slice(0, -1)
    this.#host = url.host
  }

  /**
   * Copied as a whole and then corrected: a copy keeps bytes that are no text, and costs less than setting
   * every one.
   * @param given as they came
   * @param lines the same, read
   * @param identity `null` on routes that ask nobody to sign in
   */
  of(given: Headers, lines: ReadonlyHeaders, identity: PreparedIdentity | null): Headers {
    const headers = new Headers(given)
    lines.forEach((value, name) => {
      if (name === 'cookie') withholdOwnCookies(headers, value)
      else if (name === 'upgrade' && !isWebSocket(value)) headers.delete(name)
      // Usually right as Cloudflare sends them, and then left alone.
      else if (name === 'x-forwarded-proto' || name === 'x-forwarded-for') return
      if (this.#isWithheld(name, identity !== null)) headers.delete(name)
    })
    const options = connectionOptions(lines.get('connection'))
    for (const name of options) headers.delete(name)
    // Whatever else a client takes away by `Connection`, what we say stays said.
    const isRewritten = options.length > 0
    headers.set('x-forwarded-host', this.#host)
    if (isRewritten || lines.get('x-forwarded-proto') !== this.#proto) {
      headers.set('x-forwarded-proto', this.#proto)
    }
    // Cloudflare's word; a list the client began is worth nothing.
    const address = lines.get('cf-connecting-ip')
    if (address === null) headers.delete('x-forwarded-for')
    else if (isRewritten || lines.get('x-forwarded-for') !== address) {
      headers.set('x-forwarded-for', address)
    }
    if (this.#secret !== null) headers.set(SECRET_HEADER, this.#secret)
    if (identity !== null) for (const [name, value] of identity.headers) headers.set(name, value)
    return headers
  }

  #isWithheld(name: string, isSignedIn: boolean): boolean {
    return isSignedIn ? this.#withheld.includes(name) : this.#withheld.includesUnauthenticated(name)
  }
}

/** Untouched where there is none of ours: writing it anew would lose bytes that are no text. */
function withholdOwnCookies(headers: Headers, cookie: string): void {
  const others = withoutOwnCookies(cookie)
  if (others === '') headers.delete('cookie')
  else if (others !== cookie) headers.set('cookie', others)
}

/** Any other protocol stays behind, as Cloudflare speaks none. */
export function opensWebSocket(headers: ReadonlyHeaders): boolean {
  const upgrade = headers.get('upgrade')
  return upgrade !== null && isWebSocket(upgrade)
}

function isWebSocket(upgrade: string): boolean {
  return upgrade.toLowerCase() === 'websocket'
}

/** `Upgrade` is handled for itself, and these are no header names at all. */
const NO_HEADERS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade'])
const NOTHING: readonly string[] = []
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Header names listed in `Connection`: for this connection only (RFC 9110 §7.6.1), and let through by the platform. */
export function connectionOptions(connection: string | null): readonly string[] {
  if (connection === null) return NOTHING
  const options = connection.split(',').map((option) => option.trim().toLowerCase())
  return options.filter((option) => TOKEN.test(option) && !NO_HEADERS.has(option))
}
