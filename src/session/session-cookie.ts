import { ownCookie, SESSION_COOKIE } from '../cookies.ts'
import { randomText, type SealedBox } from '../crypto/web-crypto.ts'

/** 144 bits name the session's object, 256 bits are the browser's half of its key, 256 bits the mark of both. */
const ID_BYTES = 18
const SECRET_BYTES = 32
const FORMAT = /^([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})(?:\.([A-Za-z0-9_-]{43}))?$/

/** What a session cookie holds. */
export interface SessionKey {
  /** Name of the session's object. */
  readonly name: string
  /** The browser's half of the key; stored nowhere else. */
  readonly secret: string
  /** Proves that Entrada made the other two; `null` in a cookie from before marks existed. */
  readonly mark: string | null
}

/** A random key, still without its mark: that needs the key ring. */
export function createSessionKey(): SessionKey {
  return {
    name: randomText(ID_BYTES),
    secret: randomText(SECRET_BYTES),
    mark: null,
  }
}

/** Reads a cookie's value; `null` when it is malformed. The mark is not verified here. */
export function readSessionKey(cookie: string): SessionKey | null {
  const [, name, secret, mark = null] = FORMAT.exec(cookie) ?? []
  return name === undefined || secret === undefined ? null : { name, secret, mark }
}

/** The cookie's value: `{name}.{secret}` and, where there is one, `.{mark}`. */
export function writeSessionKey({ name, secret, mark }: SessionKey): string {
  return mark === null ? `${name}.${secret}` : `${name}.${secret}.${mark}`
}

/** Writes the `Set-Cookie` line of a session. */
export function sessionCookie(key: SessionKey, maxAgeSeconds: number): string {
  return ownCookie(SESSION_COOKIE, writeSessionKey(key), maxAgeSeconds)
}

const PURPOSE = 'session-cookie'

const WINDOW_MS = 60_000
/** Unknown cookies without a mark that may cost an object call, per minute and isolate. */
const MAX_UNMARKED_MISSES = 30

/**
 * Recognises forged session cookies without an object call, by a keyed mark (HMAC-SHA-256) of both other parts.
 * Any key of the ring verifies it, so that a rotation ends no session early.
 *
 * Cookies from before marks existed are accepted until they expire, with 30 unknown ones a minute at most. Beyond
 * that only marked cookies count; a page load gets one through a sign-in without a prompt.
 */
export class SessionMarks {
  readonly #box: SealedBox
  #windowStart = 0
  #misses = 0
  /** Calls for unmarked cookies without an answer yet. */
  #pending = 0

  constructor(box: SealedBox) {
    this.#box = box
  }

  async create(): Promise<SessionKey> {
    const key = createSessionKey()
    return { ...key, mark: await this.#box.mark(textOf(key), PURPOSE) }
  }

  /** The key in a cookie; `null` when Entrada did not make the cookie. */
  async read(cookie: string): Promise<SessionKey | null> {
    const key = readSessionKey(cookie)
    if (key === null) return null
    const isOurs = key.mark === null || (await this.#box.isMarked(textOf(key), key.mark, PURPOSE))
    return isOurs ? key : null
  }

  /**
   * Opens the session of a key that `read` gave; `null` without a call beyond the limit of unmarked cookies. Calls
   * without an answer count as well, or any number of cookies at once would pass.
   */
  async open<T extends { readonly alive: boolean }>(
    { mark }: SessionKey,
    call: () => Promise<T>,
  ): Promise<T | null> {
    if (mark !== null) return call()
    if (this.#missesThisMinute() + this.#pending >= MAX_UNMARKED_MISSES) return null
    this.#pending += 1
    try {
      const opened = await call()
      if (!opened.alive) this.#misses = this.#missesThisMinute() + 1
      return opened
    } finally {
      this.#pending -= 1
    }
  }

  #missesThisMinute(): number {
    const now = Date.now()
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now
      this.#misses = 0
    }
    return this.#misses
  }
}

function textOf({ name, secret }: SessionKey): string {
  return `${name}.${secret}`
}
