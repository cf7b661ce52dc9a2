import { decodeJwt, decodeProtectedHeader } from 'jose'

/** Who the chat was told the person is. It knows nothing else about them. */
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

/** Decoded for display. An app that relies on it verifies it against `/.entrada/jwks.json` first. */
export function readAssertion(headers: Headers): DecodedAssertion | null {
  const assertion = headers.get('entrada-assertion')
  if (assertion === null) return null
  try {
    return { header: { ...decodeProtectedHeader(assertion) }, payload: decodeJwt(assertion) }
  } catch {
    // Whatever stands in the header is then not an assertion, and saying so is all the page can do.
    return null
  }
}

/** Header values are ASCII on the wire; anything else comes as percent-encoded UTF-8 (RFC 3986). */
function textOf(value: string | null): string | null {
  if (value === null || value === '') return null
  try {
    return decodeURIComponent(value)
  } catch {
    // A lone `%` is legal in a header value that was never encoded.
    return value
  }
}
