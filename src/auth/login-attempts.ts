import * as v from 'valibot'
import { clearedOwnCookie, ownCookie, readOwnCookies } from '../cookies.ts'
import { type SealedBox, sha256Of } from '../crypto/web-crypto.ts'
import type { AttemptSecrets } from '../entra/authorization.ts'
import { MAX_RETURN_PATH } from '../http/problem.ts'
import { parseJson } from '../json.ts'
import { CONSENT_PATH, LOGIN_PATH, LOGOUT_PATH, SIGNED_OUT_PATH } from '../paths.ts'

const SIGN_IN_PATHS = [LOGIN_PATH, LOGOUT_PATH, SIGNED_OUT_PATH, CONSENT_PATH]

/** A path on our own origin to return to after sign-in. Only `readReturnTo` makes one. */
export type ReturnTo = string & { readonly returnTo: unique symbol }

/**
 * Reads a return path; an invalid one becomes the chat's front page. It needs one leading slash and no backslash,
 * because browsers read `/\` and `//` as another host. Control characters are refused, because browsers strip them.
 * The URL parser decides last. A value that is too long loses its query and fragment.
 */
export function readReturnTo(
  value: string | null | undefined,
  publicOrigin: string,
  callbackPath: string,
): ReturnTo {
  const front = brand('/')
  const isLong = (value ?? '').length > MAX_RETURN_PATH
  const path = isLong ? value?.replace(/[?#].*/su, '') : value
  if (path === null || path === undefined || path.length > MAX_RETURN_PATH) return front
  if (!/^\/(?!\/)/.test(path) || /[\\\p{Cc}]/u.test(path)) return front
  if (!URL.canParse(path, publicOrigin)) return front
  const url = new URL(path, publicOrigin)
  // `/.//evil.example` normalises to `//evil.example`, which is another host in a `Location` header.
  if (url.origin !== publicOrigin || url.pathname.startsWith('//')) return front
  // These endpoints start or end a sign-in, so returning to them would loop.
  if (url.pathname === callbackPath || SIGN_IN_PATHS.some((one) => url.pathname.startsWith(one))) {
    return front
  }
  return brand(`${url.pathname}${url.search}${url.hash}`)
}

function brand(path: string): ReturnTo {
  // The only place that makes the brand, after every check above.
  return path as ReturnTo
}

/** Why a user was sent to the sign-in service. It decides what a refusal means. */
export type AttemptPurpose = (typeof PURPOSES)[number]

const PURPOSES = ['sign_in', 'step_up', 'consent', 'admin_consent'] as const

/** One sign-in that has begun. Each has a cookie of its own, so that tabs do not overwrite each other. */
export interface LoginAttempt extends AttemptSecrets {
  readonly returnTo: ReturnTo
  readonly purpose: AttemptPurpose
  /** Epoch seconds. */
  readonly startedAt: number
}

const ATTEMPT_PREFIX = '__Host-entrada-login-'

/** Short, as RFC 9700 §4.7 asks, but long enough for a second factor. */
const LIFE_SECONDS = 900
const MAX_ATTEMPTS = 5
/**
 * All attempts together, in bytes: servers limit the `Cookie` header, and the chat app has cookies, too
 * (oauth2-proxy#2163). Our other cookies take up to 300 bytes, so that all of ours stay below 4 KB.
 */
const MAX_BYTES = 3700

const Sealed = v.object({
  state: v.string(),
  nonce: v.string(),
  codeVerifier: v.string(),
  returnTo: v.string(),
  purpose: v.picklist(PURPOSES),
  startedAt: v.number(),
})

interface AttemptsDeps {
  readonly box: SealedBox
  readonly publicOrigin: string
  readonly callbackPath: string
}

/** Login attempts of a browser, stored in sealed cookies. A hash of `state` is part of the cookie's name. */
export class LoginAttempts {
  readonly #deps: AttemptsDeps

  constructor(deps: AttemptsDeps) {
    this.#deps = deps
  }

  /** `Set-Cookie` lines that store an attempt and remove the oldest ones beyond the limits. */
  async begin(attempt: LoginAttempt, cookieHeader: string | null): Promise<readonly string[]> {
    const name = await nameOf(attempt.state)
    const value = await this.#deps.box.seal(JSON.stringify(attempt), contextOf(name))
    const dropped = await this.#overflowing(cookieHeader, name.length + value.length)
    return [ownCookie(name, value, LIFE_SECONDS), ...dropped.map(clearedOwnCookie)]
  }

  /** Finds the attempt of a callback; `null` without a valid, unexpired cookie for this `state`. */
  async find(state: string, cookieHeader: string | null): Promise<LoginAttempt | null> {
    const name = await nameOf(state)
    const value = readOwnCookies(cookieHeader).get(name)
    const attempt = value === undefined ? null : await this.#open(name, value)
    return attempt?.state === state ? attempt : null
  }

  /** `Set-Cookie` line that ends an attempt. */
  async end(state: string): Promise<string> {
    return clearedOwnCookie(await nameOf(state))
  }

  async #open(name: string, value: string): Promise<LoginAttempt | null> {
    const json = await this.#deps.box.open(value, contextOf(name))
    // Another version may have sealed another shape; then the user starts again.
    const attempt = parseJson(json, Sealed)
    if (attempt === null || Date.now() / 1000 - attempt.startedAt > LIFE_SECONDS) return null
    const { publicOrigin, callbackPath } = this.#deps
    return { ...attempt, returnTo: readReturnTo(attempt.returnTo, publicOrigin, callbackPath) }
  }

  /** Names of cookies to remove so that a new attempt fits: invalid ones first, then the oldest. */
  async #overflowing(cookieHeader: string | null, newBytes: number): Promise<readonly string[]> {
    const cookies = await Promise.all(
      [...readOwnCookies(cookieHeader)]
        .filter(([name]) => name.startsWith(ATTEMPT_PREFIX))
        .map(async ([name, value]) => ({
          name,
          bytes: name.length + value.length,
          startedAt: (await this.#open(name, value))?.startedAt ?? 0,
        })),
    )
    cookies.sort((a, b) => b.startedAt - a.startedAt)
    let attempts = 1
    let bytes = newBytes
    const overflowing = cookies.filter((cookie) => {
      attempts += 1
      bytes += cookie.bytes
      return cookie.startedAt === 0 || attempts > MAX_ATTEMPTS || bytes > MAX_BYTES
    })
    return overflowing.map(({ name }) => name)
  }
}

async function nameOf(state: string): Promise<string> {
  return `${ATTEMPT_PREFIX}${(await sha256Of(state)).slice(0, 12)}`
}

/** Binds the sealed value to the cookie's name, so that it does not open under another name. */
function contextOf(name: string) {
  return { purpose: 'login-attempt', bound: [name] }
}
