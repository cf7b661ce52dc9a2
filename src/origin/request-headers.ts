import type { Settings } from '../settings/settings.ts'
import type { Identity } from './identity-headers.ts'
import { withoutOwnCookies } from './own-cookies.ts'
import { WithheldHeaders } from './withheld-headers.ts'

/** By which the chat app, or what stands in front of it, knows that a request came through here. */
export const SECRET_HEADER = 'entrada-origin-secret'

/** Stands in a header's text for bytes that are none. */
const NO_TEXT = '\uFFFD'

/** Makes the headers of the request to the chat app: the client's, less what is ours to say, plus what we say. */
export class RequestHeaders {
  readonly #withheld: WithheldHeaders
  readonly #proto: string
  readonly #host: string
  readonly #secret: string | null

  /** @param names of the identity headers this installation sets */
  constructor({ publicOrigin, origin }: Settings, names: readonly string[]) {
    const url = new URL(publicOrigin)
    this.#withheld = new WithheldHeaders(names)
    this.#secret = origin.secret
    this.#proto = url.protocol.slice(0, -1)
    this.#host = url.host
  }

  /**
   * Read in one go and handed over in one go, because every single call into the platform shows on this road.
   * @param identity `null` on routes that ask nobody to sign in
   */
  of(request: Request, identity: Identity | null): HeadersInit {
    const given = request.headers
    const lines: Record<string, string> = {}
    let connection: string | null = null
    let isText = true
    given.forEach((value, name) => {
      if (name === 'connection') connection = value
      if (this.#isWithheld(name, identity !== null)) return
      if (value.includes(NO_TEXT)) isText = false
      lines[name] = value
    })
    const { cookie, upgrade, 'cf-connecting-ip': address } = lines
    if (cookie !== undefined) setOrDelete(lines, 'cookie', withoutOwnCookies(cookie))
    if (upgrade !== undefined && !isWebSocket(upgrade)) Reflect.deleteProperty(lines, 'upgrade')
    for (const name of connectionOptions(connection)) Reflect.deleteProperty(lines, name)
    lines['x-forwarded-host'] = this.#host
    lines['x-forwarded-proto'] = this.#proto
    // Cloudflare's word; a list the client began is worth nothing.
    if (address !== undefined) lines['x-forwarded-for'] = address
    if (this.#secret !== null) lines[SECRET_HEADER] = this.#secret
    if (identity !== null) for (const [name, value] of identity.headers) lines[name] = value
    return isText ? lines : asGiven(given, lines)
  }

  #isWithheld(name: string, isSignedIn: boolean): boolean {
    return isSignedIn ? this.#withheld.includes(name) : this.#withheld.includesUnauthenticated(name)
  }
}

/** A copy keeps bytes that are no text; it costs too much where there are none. */
function asGiven(given: Headers, lines: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(given)
  for (const name of given.keys()) if (!Object.hasOwn(lines, name)) headers.delete(name)
  for (const [name, value] of Object.entries(lines)) {
    if (given.get(name) !== value) headers.set(name, value)
  }
  return headers
}

function setOrDelete(lines: Record<string, string>, name: string, value: string): void {
  if (value === '') Reflect.deleteProperty(lines, name)
  else lines[name] = value
}

/** Any other protocol stays behind, as Cloudflare speaks none. */
export function opensWebSocket(headers: Headers): boolean {
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
