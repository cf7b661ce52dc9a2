import { createHash } from 'node:crypto'
import { Browser } from '../../support/browser/browser.ts'
import type { Page } from '../../support/browser/page.ts'
import { AccessTokens } from '../access-tokens.ts'
import { CONTOSO } from '../directory/cast.ts'
import { createDirectories } from '../directory/generate.ts'
import { Faults } from '../faults.ts'
import { MICROSOFT_HOSTS, type SandboxHosts } from '../hosts.ts'
import { DEFAULT_REGISTRATION, type Registration } from '../registration.ts'
import { recordOf, type TokenAnswer } from './answers.ts'
import type { HostHandler, Sandbox } from '../sandbox.ts'
import { createEntra } from './entra.ts'
import { EntraState, type EntraWorld } from './entra-state.ts'

export const REDIRECT_URI = 'https://chat.contoso.example/oauth/openid/callback'
export const SIGNED_OUT = 'https://chat.contoso.example/.entrada/signed-out'
export const SIGN_IN_SCOPE = 'openid profile email offline_access User.Read'
export const VERIFIER = 'a-verifier-that-is-long-enough-for-rfc-7636-s256'
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

/** Parameters to add to the defaults; `null` removes a default. */
export type Parameters = Readonly<Record<string, string | null>>

export interface RelyingPartyOptions {
  readonly registration?: Partial<Registration>
  readonly hosts?: SandboxHosts
  /** A whole sandbox instead of the sign-in service alone, with its own hosts and registration. */
  readonly sandbox?: Sandbox
  /** First path segment of every request. */
  readonly authority?: string
}

/** The sign-in service alone, a registered application, and a person with a browser. */
export class RelyingParty {
  readonly world: EntraWorld
  readonly browser: Browser
  authority: string
  readonly #handle: HostHandler

  constructor(options: RelyingPartyOptions = {}) {
    this.world = options.sandbox ?? createWorld(options)
    this.authority = options.authority ?? CONTOSO
    const { sandbox } = options
    this.#handle =
      sandbox === undefined ? createEntra(this.world) : (request) => sandbox.fetch(request)
    this.browser = new Browser({ home: REDIRECT_URI, internet: (request) => this.fetch(request) })
  }

  /** Starts the sign-in service with an application that accepts every consent. */
  async fetch(request: Request): Promise<Response> {
    const isEntra = new URL(request.url).origin === this.world.hosts.login
    return isEntra ? this.#handle(request) : new Response('<title>The application</title>')
  }

  url(path: string, parameters: Parameters = {}): string {
    const url = new URL(`${this.world.hosts.login}/${this.authority}/${path}`)
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== null) url.searchParams.set(name, value)
    }
    return url.href
  }

  authorizeUrl(parameters: Parameters = {}): string {
    return this.url('oauth2/v2.0/authorize', {
      client_id: this.world.registration.clientId,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: SIGN_IN_SCOPE,
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...parameters,
    })
  }

  /** Opens the authorize endpoint and returns the page it shows. */
  authorize(parameters: Parameters = {}): Promise<Page> {
    return this.browser.open(this.authorizeUrl(parameters))
  }

  choose(account: { readonly userPrincipalName: string }): Promise<Page> {
    return this.browser.submit({ button: ['account', account.userPrincipalName] })
  }

  /** Types a name into the page that asks who is signing in. */
  type(name: string): Promise<Page> {
    const [, form] = this.browser.page.html.querySelectorAll('form')
    const hidden = form?.querySelectorAll('input[type=hidden]') ?? []
    const fields: Record<string, string> = { account: name }
    for (const input of hidden) {
      fields[input.getAttribute('name') ?? ''] = input.getAttribute('value') ?? ''
    }
    const action = form?.getAttribute('action') ?? ''
    return this.browser.post(action, fields, this.world.hosts.login)
  }

  decide(decision: 'accept' | 'decline'): Promise<Page> {
    return this.browser.submit({ button: ['decision', decision] })
  }

  /** Signs in, accepts the consent, and returns the authorization response. */
  async signIn(
    account: { readonly userPrincipalName: string },
    parameters: Parameters = {},
  ): Promise<URLSearchParams> {
    let page = await this.authorize(parameters)
    if (page.title.startsWith('Sign in')) page = await this.choose(account)
    if (page.title.startsWith('Permissions')) page = await this.decide('accept')
    if (page.url.origin === this.world.hosts.login) throw new Error(page.describe())
    return page.url.searchParams
  }

  /** Signs in and redeems the code. */
  async tokens(
    account: { readonly userPrincipalName: string },
    parameters: Parameters = {},
  ): Promise<TokenAnswer> {
    const { code } = Object.fromEntries(await this.signIn(account, parameters))
    return this.redeem(code ?? '')
  }

  redeem(
    code: string,
    parameters: Parameters = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TokenAnswer> {
    return this.post(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: REDIRECT_URI,
        code_verifier: VERIFIER,
        ...parameters,
      },
      headers,
    )
  }

  refresh(
    refreshToken: unknown,
    scope: string | null = SIGN_IN_SCOPE,
    parameters: Parameters = {},
  ): Promise<TokenAnswer> {
    return this.post({
      grant_type: 'refresh_token',
      refresh_token: String(refreshToken),
      scope,
      ...parameters,
    })
  }

  async post(
    parameters: Parameters,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TokenAnswer> {
    const { clientId, clientSecrets } = this.world.registration
    const fields = { client_id: clientId, client_secret: clientSecrets[0] ?? null, ...parameters }
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(fields)) if (value !== null) form.set(name, value)
    const url = this.url('oauth2/v2.0/token')
    const response = await this.fetch(new Request(url, { method: 'POST', headers, body: form }))
    const body = recordOf(await response.json())
    return { status: response.status, headers: response.headers, body }
  }
}

function createWorld({ registration, hosts = MICROSOFT_HOSTS }: RelyingPartyOptions): EntraWorld {
  const surroundings = {
    hosts,
    tenants: createDirectories({ seed: 1, people: 5, groups: 2 }),
    registration: { ...DEFAULT_REGISTRATION, ...registration },
    accessTokens: new AccessTokens(),
    faults: new Faults(),
  }
  return Object.assign(surroundings, { entra: new EntraState(surroundings) })
}
