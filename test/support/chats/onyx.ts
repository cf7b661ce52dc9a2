import { Hono } from 'hono'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'

export interface OnyxSettings {
  /** Fetches the key set, as Onyx does from JWT_PUBLIC_KEY_URL. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>
  readonly JWT_EXPECTED_AUDIENCE?: string
  readonly JWT_EXPECTED_ISSUER?: string
}

/**
 * Onyx with a key URL: an RS256 bearer names the user by e-mail. Onyx caches the key set until a
 * token fails.
 */
export function createOnyx({ fetchKeys, ...expected }: OnyxSettings) {
  const app = new Hono()
  const accounts = new Set<string>()
  let keys: JSONWebKeySet | null = null

  const verify = async (token: string) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      keys ??= await fetchKeys()
      try {
        const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
          algorithms: ['RS256'],
          currentDate: new Date(),
          ...(expected.JWT_EXPECTED_AUDIENCE && { audience: expected.JWT_EXPECTED_AUDIENCE }),
          ...(expected.JWT_EXPECTED_ISSUER && { issuer: expected.JWT_EXPECTED_ISSUER }),
        })
        return payload
      } catch {
        // The keys may have been rotated; after a second failure the token is invalid.
        keys = null
      }
    }
    return null
  }

  app.get('/api/health', (c) => c.json({ success: true, message: 'ok' }))
  app.get('/api/me', async (c) => {
    const bearer = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    const payload = bearer === undefined ? null : await verify(bearer)
    const email = payload?.['email']
    if (typeof email !== 'string') return c.json({ detail: 'Access denied.' }, 403)
    accounts.add(email)
    return c.json({ email })
  })
  return { accounts, handle: async (request: Request) => app.fetch(request) }
}
