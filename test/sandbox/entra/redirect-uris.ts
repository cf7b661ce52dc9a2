import type { Registration } from '../registration.ts'

/** The platform that a redirect URI is registered under; `null` when it is not registered. */
export function platformOf(redirectUri: string, registration: Registration): 'web' | 'spa' | null {
  const isRegistered = (uris: readonly string[]) => uris.some((uri) => matches(redirectUri, uri))
  if (isRegistered(registration.spaRedirectUris)) return 'spa'
  return isRegistered(registration.redirectUris) ? 'web' : null
}

/** Compares byte for byte, except that `http://localhost` matches on any port. */
function matches(redirectUri: string, registered: string): boolean {
  return withoutLocalPort(redirectUri) === withoutLocalPort(registered)
}

function withoutLocalPort(uri: string): string {
  return uri.replace(/^(https?:\/\/localhost):\d+(?=[/?]|$)/, '$1')
}
