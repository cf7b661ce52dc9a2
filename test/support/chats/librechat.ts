import * as oidc from 'openid-client'
import type { HostHandler } from '../../sandbox/sandbox.ts'

export interface LibreChatSettings {
  readonly DOMAIN_SERVER: string
  readonly OPENID_ISSUER: string
  readonly OPENID_CLIENT_ID: string
  readonly OPENID_CLIENT_SECRET: string
  readonly OPENID_SCOPE?: string
  /** Sends LibreChat's server requests to the issuer. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly authentication?: oidc.ClientAuth
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>

const CALLBACK = '/oauth/openid/callback'

/** LibreChat's sign-in with its own library: `openid-client` validates Entrada's responses. */
export class LibreChat {
  readonly #settings: LibreChatSettings
  readonly #pending = new Map<string, string>()
  /** The path of every request that reached LibreChat. */
  readonly paths: string[] = []
  #config: oidc.Configuration | null = null
  #tokens: Tokens | null = null

  constructor(settings: LibreChatSettings) {
    this.#settings = settings
  }

  /** Tokens of the last sign-in or refresh. */
  get tokens(): Tokens {
    if (this.#tokens === null) throw new Error('nobody has signed in at the chat')
    return this.#tokens
  }

  get isSignedIn(): boolean {
    return this.#tokens !== null
  }

  readonly handle: HostHandler = async (request) => {
    const { pathname, search } = new URL(request.url)
    this.paths.push(pathname)
    if (pathname === '/oauth/openid') return this.#begin()
    if (pathname === CALLBACK) return this.#finish(search)
    return new Response(`<h1>LibreChat</h1>`, { headers: { 'content-type': 'text/html' } })
  }

  async refresh(refreshToken = this.tokens.refresh_token): Promise<Tokens> {
    const config = await this.config()
    const scope = this.#scope
    this.#tokens = await oidc.refreshTokenGrant(config, refreshToken ?? '', { scope })
    return this.#tokens
  }

  async userInfo(): Promise<oidc.UserInfoResponse> {
    const { access_token: accessToken } = this.tokens
    return oidc.fetchUserInfo(await this.config(), accessToken, this.tokens.claims()?.sub ?? '')
  }

  /** Requests a Microsoft token as `api/server/services/GraphTokenService.js` does. */
  async onBehalfOf(scope: string, assertion = this.tokens.access_token): Promise<Tokens> {
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const parameters = { scope, assertion, requested_token_use: 'on_behalf_of' }
    return oidc.genericGrantRequest(await this.config(), grant, parameters)
  }

  async endSessionUrl(): Promise<URL> {
    return oidc.buildEndSessionUrl(await this.config(), {
      id_token_hint: this.tokens.id_token ?? '',
      post_logout_redirect_uri: `${this.#settings.DOMAIN_SERVER}/login`,
    })
  }

  async config(): Promise<oidc.Configuration> {
    const { OPENID_ISSUER, OPENID_CLIENT_ID, OPENID_CLIENT_SECRET, authentication } = this.#settings
    this.#config ??= await oidc.discovery(
      new URL(OPENID_ISSUER),
      OPENID_CLIENT_ID,
      OPENID_CLIENT_SECRET,
      authentication,
      {
        [oidc.customFetch]: (url, { headers, body }) =>
          this.#settings.fetch(
            body instanceof URLSearchParams
              ? new Request(url, { method: 'POST', headers, body })
              : new Request(url, { headers }),
          ),
        // The library's option for plain http on loopback. The tests' issuer uses https where it
        // can.
        execute: OPENID_ISSUER.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
      },
    )
    return this.#config
  }

  get #scope(): string {
    return this.#settings.OPENID_SCOPE ?? 'openid profile email offline_access'
  }

  async #begin(): Promise<Response> {
    const config = await this.config()
    const verifier = oidc.randomPKCECodeVerifier()
    const state = oidc.randomState()
    this.#pending.set(state, verifier)
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${this.#settings.DOMAIN_SERVER}${CALLBACK}`,
      scope: this.#scope,
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return Response.redirect(url.href, 302)
  }

  async #finish(search: string): Promise<Response> {
    const state = new URLSearchParams(search).get('state') ?? ''
    const verifier = this.#pending.get(state) ?? ''
    this.#pending.delete(state)
    this.#tokens = await oidc.authorizationCodeGrant(
      await this.config(),
      new URL(`${this.#settings.DOMAIN_SERVER}${CALLBACK}${search}`),
      { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true },
    )
    return Response.redirect(`${this.#settings.DOMAIN_SERVER}/`, 302)
  }
}
