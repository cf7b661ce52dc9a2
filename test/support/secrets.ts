import type { Sandbox } from '../sandbox/sandbox.ts'
import type { CookieJar } from './browser/cookie-jar.ts'

/** Fields of a token request that are credentials. */
const SECRET_FIELDS = [
  'client_secret',
  'client_assertion',
  'code',
  'code_verifier',
  'refresh_token',
] as const

/** Settings that hold secrets, some of them lists. */
const SECRET_SETTINGS = [
  'OPENID_CLIENT_SECRET',
  'OPENID_SESSION_SECRET',
  'ORIGIN_SECRET',
  'SIGNING_KEYS',
] as const

/** Shorter texts occur by chance. */
const SHORTEST_SECRET = 16

/** Every secret of a test with its description. None may appear in a log or, unencrypted, in storage. */
export function secretsOf(parts: {
  readonly sandbox: Sandbox
  readonly settings: Readonly<Record<string, unknown>>
  readonly jars: Iterable<CookieJar>
}): ReadonlyMap<string, string> {
  const { sandbox, settings, jars } = parts
  const secrets = new Map<string, string>()
  for (const token of sandbox.accessTokens.minted) secrets.set(token, 'an access token')
  for (const { form } of sandbox.journal.redemptions()) {
    for (const field of SECRET_FIELDS) secrets.set(form.get(field) ?? '', `a ${field}`)
  }
  for (const name of SECRET_SETTINGS) {
    const value = settings[name]
    const values = typeof value === 'string' ? [value, ...value.split(',')] : []
    for (const one of values) secrets.set(one, name)
  }
  for (const jar of jars) {
    for (const { name, value } of jar.all) secrets.set(value, `the cookie ${name}`)
  }
  return new Map([...secrets].filter(([value]) => value.length >= SHORTEST_SECRET))
}
