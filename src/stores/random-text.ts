import { base64url } from 'jose'

/** Unguessable text of so many random bytes, base64url. */
export function randomText(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}
