import { ownCookie, SESSION_COOKIE } from '../cookies.ts'
import { randomText } from '../crypto/digest.ts'
import type { SealedBox } from '../crypto/sealed-box.ts'

/** 144 bits name the session's object, 256 bits are the browser's half of its key, 256 the mark of both. */
const ID_BYTES = 18
const SECRET_BYTES = 32
const FORMAT = /^([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})(?:\.([A-Za-z0-9_-]{43}))?$/

export interface SessionKey {
  /** Name of the session's object. */
  readonly name: string
  /** The browser's half of the key; stored nowhere else. */
  readonly secret: string
  /** Shows that the other two were made here; `null` in a cookie from before there were marks. */
  readonly mark: string | null
}

/** A key without a mark, which takes the key ring. */
export function createSessionKey(): SessionKey {
  return {
    name: randomText(ID_BYTES),
    secret: randomText(SECRET_BYTES),
    mark: null,
  }
}

export function readSessionKey(cookie: string): SessionKey | null {
  const [, name, secret, mark = null] = FORMAT.exec(cookie) ?? []
  return name === undefined || secret === undefined ? null : { name, secret, mark }
}

export function writeSessionKey({ name, secret, mark }: SessionKey): string {
  return mark === null ? `${name}.${secret}` : `${name}.${secret}.${mark}`
}

/** Writes the `Set-Cookie` line of a session. */
export function sessionCookie(key: SessionKey, maxAgeSeconds: number): string {
  return ownCookie(SESSION_COOKIE, writeSessionKey(key), maxAgeSeconds)
}

const PURPOSE = 'session-cookie'

const WINDOW_MS = 60_000
/** Unknown cookies without a mark that are asked about in a minute, per isolate. */
const UNMARKED_MISSES = 30

/**
 * Tells session cookies that were made here from made-up ones, without an object call: a keyed mark (HMAC-SHA-256)
 * of both other parts. Any key of the ring will do, so that a rotation ends no session before its time.
 *
 * Cookies from before there were marks are taken as well until they expire. A few unknown ones a minute are asked
 * about; beyond that only marked cookies count, and a page load gets one by a sign-in that asks for nothing.
 */
export class SessionMarks {
  readonly #box: SealedBox
  #windowStart = 0
  #misses = 0

  constructor(box: SealedBox) {
    this.#box = box
  }

  async create(): Promise<SessionKey> {
    const key = createSessionKey()
    return { ...key, mark: await this.#box.mark(textOf(key), PURPOSE) }
  }

  /** What the cookie says, `null` when it was not made here. */
  async read(cookie: string): Promise<SessionKey | null> {
    const key = readSessionKey(cookie)
    if (key === null) return null
    const isOurs =
      key.mark === null
        ? this.#missesNow() < UNMARKED_MISSES
        : await this.#box.isMarked(textOf(key), key.mark, PURPOSE)
    return isOurs ? key : null
  }

  /** Notes that no object knows the session of a cookie that `read` let pass. */
  missed({ mark }: SessionKey): void {
    if (mark === null) this.#misses = this.#missesNow() + 1
  }

  #missesNow(): number {
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
