import { CONSENT_PATH, LOGIN_PATH, LOGOUT_PATH, SIGNED_OUT_PATH } from '../paths.ts'
import { RETURN_PATH_LIMIT } from '../http/problem.ts'

const SIGN_IN_PATHS = [LOGIN_PATH, LOGOUT_PATH, SIGNED_OUT_PATH, CONSENT_PATH]

/** A place on our own origin to land on after sign-in. Only `readReturnTo` makes one. */
export type ReturnTo = string & { readonly returnTo: unique symbol }

/**
 * Reads a return path, or falls back to the chat's front page. One leading slash and no backslash anywhere,
 * because browsers take `/\` and `//` for another host; no control characters, because they strip them first;
 * then the URL parser has the last word. Of a longer value the path is kept, if that is not too long itself: half
 * a path leads nowhere.
 */
export function readReturnTo(
  value: string | null | undefined,
  publicOrigin: string,
  callbackPath: string,
): ReturnTo {
  const front = brand('/')
  const isLong = (value ?? '').length > RETURN_PATH_LIMIT
  const path = isLong ? value?.replace(/[?#].*/su, '') : value
  if (path === null || path === undefined || path.length > RETURN_PATH_LIMIT) return front
  if (!/^\/(?!\/)/.test(path) || /[\\\p{Cc}]/u.test(path)) return front
  if (!URL.canParse(path, publicOrigin)) return front
  const url = new URL(path, publicOrigin)
  // `/.//evil.example` normalises to `//evil.example`: harmless as a URL of ours, not as a Location.
  if (url.origin !== publicOrigin || url.pathname.startsWith('//')) return front
  // These endpoints start or end a sign-in, so returning to them would loop.
  if (url.pathname === callbackPath || SIGN_IN_PATHS.some((one) => url.pathname.startsWith(one))) {
    return front
  }
  return brand(`${url.pathname}${url.search}${url.hash}`)
}

function brand(path: string): ReturnTo {
  // The one place that makes the brand, after every check above.
  return path as ReturnTo
}
