import { decodeJwt, decodeProtectedHeader } from 'jose'

/** The identity that the headers state. The chat knows nothing else about the person. */
export interface Told {
  readonly id: string | null
  readonly name: string | null
  readonly email: string | null
  readonly username: string | null
  readonly groups: readonly string[]
}

export interface DecodedAssertion {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

export function readTold(headers: Headers): Told {
  return {
    id: textOf(headers.get('x-forwarded-user')),
    name: textOf(headers.get('x-forwarded-name')),
    email: textOf(headers.get('x-forwarded-email')),
    username: textOf(headers.get('x-forwarded-preferred-username')),
    groups: (headers.get('x-forwarded-groups') ?? '')
      .split(',')
      .flatMap((group) => textOf(group.trim()) ?? []),
  }
}

/**
 * Decoded for display only. An app that relies on the assertion first verifies it against
 * `/.entrada/jwks.json`.
 */
export function readAssertion(headers: Headers): DecodedAssertion | null {
  const assertion = headers.get('entrada-assertion')
  if (assertion === null) return null
  try {
    return { header: { ...decodeProtectedHeader(assertion) }, payload: decodeJwt(assertion) }
  } catch {
    // The header value is not a JWT; the page can only show that.
    return null
  }
}

/** Decodes a header value: ASCII as sent, anything else as percent-encoded UTF-8 (RFC 3986). */
function textOf(value: string | null): string | null {
  if (value === null || value === '') return null
  try {
    return decodeURIComponent(value)
  } catch {
    // A lone `%` is legal in a header value that was never encoded.
    return value
  }
}
