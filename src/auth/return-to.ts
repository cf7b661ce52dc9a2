import { CONSENT_PATH, LOGIN_PATH, LOGOUT_PATH, SIGNED_OUT_PATH } from '../paths.ts'
import { MAX_RETURN_PATH } from '../http/problem.ts'

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
