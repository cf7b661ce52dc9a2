import { base64url } from 'jose'

/** SHA-256, base64url. Of a random secret, it verifies the secret and does not reveal it. */
export async function sha256Of(secret: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(secret))))
}

/** UTF-8. */
export function bytesOf(text: string) {
  return new TextEncoder().encode(text)
}

/** Random bytes as base64url text. */
export function randomText(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}
