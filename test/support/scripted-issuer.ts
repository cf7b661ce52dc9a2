import { createHash, randomUUID } from 'node:crypto'
import type { JWK } from 'jose'
import type { HostHandler } from '../sandbox/sandbox.ts'
import { KEYS, signedBy, type Claims, type IssuerKeyPairs } from './scripted-tokens.ts'

/** How this issuer departs from a correct one. Each function takes the correct value and returns the one to use. */
export interface Script {
  readonly metadata?: (document: Claims) => Claims
  readonly keys?: (keys: readonly JWK[]) => readonly JWK[]
  /** Parameters of the authorization response. */
  readonly answer?: (parameters: URLSearchParams) => URLSearchParams
  /** Claims of the id token that comes with the code. */
  readonly idToken?: (claims: Claims) => Claims
  readonly refreshedIdToken?: (claims: Claims) => Claims
  /** Makes the compact form; the correct one is signed with the first key and names it. */
  readonly sign?: (claims: Claims, keys: IssuerKeyPairs) => Promise<string>
  readonly tokens?: (body: Claims) => Claims
  readonly userInfo?: (claims: Claims) => Claims
  /** Parameters of the return from the end-session endpoint. */
  readonly logoutReturn?: (parameters: URLSearchParams) => URLSearchParams
  /** What the token endpoint takes. */
  readonly authentication?: 'client_secret_post' | 'client_secret_basic'
}

interface Grant {
  readonly nonce: string | null
  readonly challenge: string | null
  readonly redirectUri: string
  readonly sid: string
}

export interface ScriptedIssuerOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Further claims of every id token. */
  readonly claims?: Claims
}

/**
 * A small OpenID Provider that follows the specification, approves every request, and departs from it only where
 * its script says so. It always checks the client's requests.
 */
export class ScriptedIssuer {
  script: Script = {}
  /** Which published keys there are; the first signs. */
  published: readonly (keyof IssuerKeyPairs)[] = ['first']
  readonly requests: { readonly path: string; readonly form: URLSearchParams }[] = []
  readonly #options: ScriptedIssuerOptions
  readonly #grants = new Map<string, Grant>()
  #lastSid = ''

  constructor(options: ScriptedIssuerOptions) {
    this.#options = options
  }

  get origin(): string {
    return new URL(this.#options.issuer).origin
  }

  /** `sid` of the latest sign-in. */
  get sid(): string {
    return this.#lastSid
  }

  count(path: string): number {
    return this.requests.filter((one) => one.path.endsWith(path)).length
  }

  readonly handle: HostHandler = async (request) => {
    const url = new URL(request.url)
    const form = new URLSearchParams(request.method === 'POST' ? await request.clone().text() : '')
    const path = url.pathname
    this.requests.push({ path, form })
    const base = new URL(this.#options.issuer).pathname.replace(/\/$/, '')
    switch (path.slice(base.length)) {
      case '/.well-known/openid-configuration':
        return Response.json((this.script.metadata ?? unchanged)(this.#metadata()))
      case '/keys':
        return Response.json({ keys: (this.script.keys ?? unchanged)(await this.#publishedKeys()) })
      case '/authorize':
        return this.#authorize(url.searchParams)
      case '/token':
        return this.#token(request, form)
      case '/userinfo':
        return Response.json((this.script.userInfo ?? unchanged)(PERSON))
      case '/logout':
        return this.#logout(url.searchParams)
      default:
        return new Response('no such page', { status: 404 })
    }
  }

  /** A correct logout token about the latest sign-in, changed by `change`, signed as the script says. */
  async logoutToken(
    change: (claims: Claims) => Claims = unchanged,
    sign: NonNullable<Script['sign']> = this.#sign,
  ): Promise<string> {
    const claims = {
      iss: this.#options.issuer,
      aud: this.#options.clientId,
      iat: now(),
      exp: now() + 120,
      jti: randomUUID(),
      sub: PERSON.sub,
      sid: this.#lastSid,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    }
    return sign(change(claims), await KEYS)
  }

  #metadata(): Claims {
    const { issuer } = this.#options
    const base = issuer.replace(/\/$/, '')
    return {
      issuer,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      userinfo_endpoint: `${base}/userinfo`,
      jwks_uri: `${base}/keys`,
      end_session_endpoint: `${base}/logout`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: [this.#authentication],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
      frontchannel_logout_supported: true,
    }
  }

  get #authentication(): NonNullable<Script['authentication']> {
    return this.script.authentication ?? 'client_secret_post'
  }

  async #publishedKeys(): Promise<readonly JWK[]> {
    const keys = await KEYS
    return this.published.map((name) => keys[name].publicJwk)
  }

  #authorize(asked: URLSearchParams): Response {
    const code = randomUUID()
    const redirectUri = asked.get('redirect_uri') ?? ''
    this.#lastSid = randomUUID()
    this.#grants.set(code, {
      nonce: asked.get('nonce'),
      challenge: asked.get('code_challenge'),
      redirectUri,
      sid: this.#lastSid,
    })
    const correct = new URLSearchParams({
      code,
      state: asked.get('state') ?? '',
      iss: this.#options.issuer,
    })
    const answer = (this.script.answer ?? unchanged)(correct)
    return Response.redirect(`${redirectUri}?${answer}`, 302)
  }

  async #token(request: Request, form: URLSearchParams): Promise<Response> {
    if (!this.#isAuthenticated(request, form)) {
      return Response.json({ error: 'invalid_client' }, { status: 401 })
    }
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form)
    const grant = this.#grants.get(form.get('code') ?? '')
    this.#grants.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const holds =
      grant !== undefined &&
      grant.challenge === challenge &&
      grant.redirectUri === form.get('redirect_uri')
    if (!holds) return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const claims = this.#claims({ nonce: grant.nonce, sid: grant.sid })
    return this.#issue((this.script.idToken ?? unchanged)(claims))
  }

  #refresh(form: URLSearchParams): Promise<Response> | Response {
    if (form.get('refresh_token')?.startsWith('refresh-') !== true) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    const claims = this.#claims({ sid: this.#lastSid })
    return this.#issue((this.script.refreshedIdToken ?? unchanged)(claims))
  }

  async #issue(claims: Claims): Promise<Response> {
    const body = {
      access_token: `access-${randomUUID()}`,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile email offline_access User.Read',
      refresh_token: `refresh-${randomUUID()}`,
      id_token: await (this.script.sign ?? this.#sign)(claims, await KEYS),
    }
    return Response.json((this.script.tokens ?? unchanged)(body))
  }

  readonly #sign = async (claims: Claims, keys: IssuerKeyPairs): Promise<string> =>
    signedBy(keys[this.published[0] ?? 'first'])(claims)

  #claims(more: Claims): Claims {
    const { issuer, clientId, claims } = this.#options
    return {
      iss: issuer,
      sub: PERSON.sub,
      aud: clientId,
      iat: now(),
      exp: now() + 600,
      ...claims,
      ...more,
    }
  }

  #isAuthenticated(request: Request, form: URLSearchParams): boolean {
    const { clientId, clientSecret } = this.#options
    const header = request.headers.get('authorization')
    if (this.#authentication === 'client_secret_post') {
      const isPosted =
        form.get('client_id') === clientId && form.get('client_secret') === clientSecret
      return header === null && isPosted
    }
    const [id, secret] = Buffer.from(header?.replace(/^Basic /, '') ?? '', 'base64')
      .toString()
      .split(':')
      .map((half) => decodeURIComponent(half.replaceAll('+', ' ')))
    return id === clientId && secret === clientSecret && !form.has('client_secret')
  }

  #logout(asked: URLSearchParams): Response {
    const parameters = new URLSearchParams()
    const state = asked.get('state')
    if (state !== null) parameters.set('state', state)
    const logoutReturn = (this.script.logoutReturn ?? unchanged)(parameters)
    const query = logoutReturn.size === 0 ? '' : `?${logoutReturn}`
    return Response.redirect(`${asked.get('post_logout_redirect_uri')}${query}`, 302)
  }
}

/** The person who signs in here. */
export const PERSON = {
  sub: 'person-1',
  name: 'Ada of the Script',
  email: 'ada@op.example',
  preferred_username: 'ada',
}

function unchanged<T>(value: T): T {
  return value
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
