import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { sign, verify } from 'hono/jwt'

export interface OpenWebUiSettings {
  readonly WEBUI_AUTH_TRUSTED_EMAIL_HEADER: string
  readonly WEBUI_AUTH_TRUSTED_NAME_HEADER?: string
  readonly WEBUI_AUTH_TRUSTED_GROUPS_HEADER?: string
  readonly WEBUI_AUTH_TRUSTED_ROLE_HEADER?: string
}

interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
  role: string
  groups: readonly string[]
}

const SECRET = 'the chat’s own, which Entrada never learns'
const ROLES: ReadonlySet<string> = new Set(['admin', 'user', 'pending'])

/**
 * Open WebUI behind a proxy: the sign-in call reads the trusted headers and issues its own token.
 * Every other call uses that token and compares it with the header.
 */
export function createOpenWebUi(settings: OpenWebUiSettings, groups: readonly string[] = []) {
  const accounts = new Map<string, Account>()
  const app = new Hono()

  const textOf = (headers: Headers, name: string | undefined) =>
    name === undefined ? '' : (headers.get(name) ?? '')

  app.get('/health', (c) => c.json({ status: true }))
  app.get('/', (c) => c.html('<!doctype html><title>Open WebUI</title>'))

  app.post('/api/v1/auths/signin', async (c) => {
    const { headers } = c.req.raw
    const email = textOf(headers, settings.WEBUI_AUTH_TRUSTED_EMAIL_HEADER).toLowerCase()
    if (email === '') {
      return c.json({ detail: 'Your provider has not provided a trusted header.' }, 400)
    }
    const account = accounts.get(email) ?? {
      id: randomUUID(),
      email,
      name: decodeURIComponent(textOf(headers, settings.WEBUI_AUTH_TRUSTED_NAME_HEADER) || email),
      role: accounts.size === 0 ? 'admin' : 'pending',
      groups: [],
    }
    accounts.set(email, account)
    const named = textOf(headers, settings.WEBUI_AUTH_TRUSTED_GROUPS_HEADER)
      .split(',')
      .flatMap((group) => group.trim() || [])
    // Only groups that exist in Open WebUI count; an absent or empty header changes nothing.
    if (named.length > 0) account.groups = groups.filter((group) => named.includes(group))
    const role = textOf(headers, settings.WEBUI_AUTH_TRUSTED_ROLE_HEADER).toLowerCase().trim()
    if (ROLES.has(role)) account.role = role
    const token = await sign({ id: account.id, email }, SECRET, 'HS256')
    setCookie(c, 'token', token, { httpOnly: true, sameSite: 'Lax' })
    return c.json({ token, token_type: 'Bearer', ...account })
  })

  app.get('/api/v1/auths/', async (c) => {
    const bearer = c.req.header('authorization')?.replace(/^Bearer /, '') ?? getCookie(c, 'token')
    if (bearer === undefined) return c.json({ detail: 'Not authenticated' }, 401)
    const claims = await verify(bearer, SECRET, 'HS256').catch(() => null)
    const account = accounts.get(String(claims?.['email']))
    if (account === undefined) return c.json({ detail: 'Invalid token' }, 401)
    const told = textOf(c.req.raw.headers, settings.WEBUI_AUTH_TRUSTED_EMAIL_HEADER).toLowerCase()
    if (told !== '' && told !== account.email) {
      return c.json({ detail: 'User mismatch. Please sign in again.' }, 401)
    }
    return c.json(account)
  })

  return { accounts, handle: async (request: Request) => app.fetch(request) }
}
