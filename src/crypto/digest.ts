import { base64url } from 'jose'

/** SHA-256 of a random secret, to compare by: it proves knowledge and gives nothing away. */
export async function sha256Of(secret: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(secret))))
}

export function bytesOf(text: string) {
  return new TextEncoder().encode(text)
}

/** Unguessable text of so many random bytes, base64url. */
export function randomText(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}
