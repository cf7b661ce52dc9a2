import { parseJson } from '../json.ts'
import * as v from 'valibot'
import type { AttemptSecrets } from '../entra/authorization.ts'
import { sha256Of } from '../crypto/digest.ts'
import type { SealedBox } from '../crypto/sealed-box.ts'
import { clearedOwnCookie, ownCookie, readOwnCookies } from '../cookies.ts'
import { readReturnTo, type ReturnTo } from './return-to.ts'

/** Why somebody is at the sign-in service; decides where a refusal leads. */
export type AttemptPurpose = (typeof PURPOSES)[number]

const PURPOSES = ['sign_in', 'step_up', 'consent', 'admin_consent'] as const

/** One sign-in under way. Lives in a cookie of its own, so that tabs do not overwrite each other. */
export interface LoginAttempt extends AttemptSecrets {
  readonly returnTo: ReturnTo
  readonly purpose: AttemptPurpose
  /** Epoch seconds. */
  readonly startedAt: number
}

export const ATTEMPT_PREFIX = '__Host-entrada-login-'

/** RFC 9700 §4.7 wants them short-lived; people do take minutes to find their phone. */
const LIFE_SECONDS = 900
const MAXIMUM_ATTEMPTS = 5
/** All of them together: origins and proxies limit the Cookie header, and the chat has cookies too (oauth2-proxy#2163). */
const MAXIMUM_BYTES = 4000

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

/** Login attempts of one browser, as sealed cookies named after their `state`. */
export class LoginAttempts {
  readonly #deps: AttemptsDeps

  constructor(deps: AttemptsDeps) {
    this.#deps = deps
  }

  /** `Set-Cookie` lines that begin an attempt and put the oldest ones out. */
  async begin(attempt: LoginAttempt, cookieHeader: string | null): Promise<readonly string[]> {
    const name = await nameOf(attempt.state)
    const value = await this.#deps.box.seal(JSON.stringify(attempt), contextOf(name))
    const dropped = await this.#overflowing(cookieHeader, name.length + value.length)
    return [ownCookie(name, value, LIFE_SECONDS), ...dropped.map(clearedOwnCookie)]
  }

  /** The attempt a callback belongs to, `null` when its cookie is gone, expired, damaged or another's. */
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
    // What another version sealed may have another shape; such an attempt starts over.
    const attempt = parseJson(json, Sealed)
    if (attempt === null || Date.now() / 1000 - attempt.startedAt > LIFE_SECONDS) return null
    const { publicOrigin, callbackPath } = this.#deps
    return { ...attempt, returnTo: readReturnTo(attempt.returnTo, publicOrigin, callbackPath) }
  }

  /** Names to drop so that the newcomer fits: what does not open first, then the oldest. */
  async #overflowing(
    cookieHeader: string | null,
    newcomerBytes: number,
  ): Promise<readonly string[]> {
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
    let bytes = newcomerBytes
    const overflowing = cookies.filter((cookie) => {
      attempts += 1
      bytes += cookie.bytes
      return cookie.startedAt === 0 || attempts > MAXIMUM_ATTEMPTS || bytes > MAXIMUM_BYTES
    })
    return overflowing.map(({ name }) => name)
  }
}

async function nameOf(state: string): Promise<string> {
  return `${ATTEMPT_PREFIX}${(await sha256Of(state)).slice(0, 12)}`
}

/** Bound to the cookie's name: a value moved to another name does not open. */
function contextOf(name: string) {
  return { purpose: 'login-attempt', bound: [name] }
}
