import { compactVerify } from 'jose'
import { JOSEError } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import { addressOf } from '../address.ts'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import { claimsParameter } from './claims-request.ts'
import { ClientCredentials } from './client-authentication.ts'
import { discoveryDocument } from './discovery.ts'
import { checkAudience, claimedTenant, readIdentity, type Identity } from './id-token.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { readLogoutToken, type LogoutNotice } from './logout-token.ts'
import { readTokens, type RedeemedTokens } from './redeemed-tokens.ts'
import { refusalOf, type Refusal } from './refusal.ts'
import type { DocumentShelf, RemoteDocument } from './remote-document.ts'
import { readUserInfo } from './user-info.ts'

const DEADLINE_MS = 15_000
const CLOCK_TOLERANCE_SECONDS = 60

/** Secrets of one sign-in attempt, kept in its cookie until the callback. */
export interface AttemptSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface AuthorizationRequest extends AttemptSecrets {
  /** Further scopes to ask consent for, beside those of sign-in. */
  readonly scopes?: readonly string[]
  readonly loginHint?: string | undefined
  readonly domainHint?: string | undefined
  readonly prompt?: 'select_account' | 'consent' | 'login' | 'none'
  /** Claims challenge to meet, JSON text. */
  readonly claims?: string | undefined
}

export interface RefreshRequest {
  readonly scope: string
  /** Claims challenge, JSON text. */
  readonly claims?: string | null
  /** `sub` of the sign-in. */
  readonly subject: string
  /** Worth checking the signature of an id token that comes along. */
  readonly wantsIdentity: boolean
}

export type Redemption =
  | { readonly ok: true; readonly tokens: RedeemedTokens }
  | { readonly ok: false; readonly refusal: Refusal }

/** The sign-in service. The only file that speaks OAuth; oauth4webapi does the protocol. */
export class Entra {
  readonly #settings: Settings
  readonly #metadata: RemoteDocument<oauth.AuthorizationServer>
  readonly #keys: IssuerKeys
  readonly #credentials: ClientCredentials
  readonly #client: oauth.Client
  readonly #options: Pick<
    oauth.HttpRequestOptions<'GET'>,
    typeof oauth.allowInsecureRequests | 'signal'
  >

  /** @param shelf where metadata and keys outlive this isolate */
  constructor(settings: Settings, shelf: DocumentShelf) {
    this.#settings = settings
    this.#metadata = discoveryDocument(settings.issuer, shelf)
    this.#keys = new IssuerKeys(shelf)
    this.#credentials = new ClientCredentials(settings.client)
    this.#client = {
      client_id: settings.client.id,
      [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
    }
    this.#options = {
      [oauth.allowInsecureRequests]: settings.issuer.authority.protocol === 'http:',
      signal: () => AbortSignal.timeout(DEADLINE_MS),
    }
  }

  get redirectUri(): string {
    return `${this.#settings.publicOrigin}${this.#settings.callbackPath}`
  }

  async authorizationUrl(request: AuthorizationRequest): Promise<URL> {
    const server = await this.#metadata.read()
    if (server.authorization_endpoint === undefined) throw new EntradaFailure('identity_rejected')
    const scopes = new Set([...this.#settings.scopes.authorize, ...(request.scopes ?? [])])
    return addressOf(server.authorization_endpoint, {
      client_id: this.#settings.client.id,
      response_type: 'code',
      response_mode: 'query',
      redirect_uri: this.redirectUri,
      scope: [...scopes].join(' '),
      state: request.state,
      nonce: request.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(request.codeVerifier),
      code_challenge_method: 'S256',
      login_hint: request.loginHint,
      domain_hint: request.domainHint,
      prompt: request.prompt,
      claims: this.#claims(request.claims ?? null),
    })
  }

  /** Where an administrator approves the app for the whole organisation. */
  adminConsentUrl(state: string, scopes: readonly string[]): URL {
    return addressOf(`${this.#settings.issuer.authority.href}/adminconsent`, {
      client_id: this.#settings.client.id,
      redirect_uri: this.redirectUri,
      scope: scopes.join(' '),
      state,
    })
  }

  /**
   * Checks `state` and `iss` of an authorization response before the code is spent.
   * @returns the parameters to redeem, or the error the service answered with
   * @throws EntradaFailure `identity_rejected` when the response is not an answer to this attempt
   */
  async readAuthorizationResponse(
    parameters: URLSearchParams,
    expectedState: string,
  ): Promise<
    | { readonly ok: true; readonly parameters: URLSearchParams }
    | { readonly ok: false; readonly error: string; readonly description: string }
  > {
    const server = await this.#metadata.read()
    try {
      return {
        ok: true,
        parameters: oauth.validateAuthResponse(server, this.#client, parameters, expectedState),
      }
    } catch (cause) {
      if (cause instanceof oauth.AuthorizationResponseError) {
        return { ok: false, error: cause.error, description: cause.error_description ?? '' }
      }
      throw new EntradaFailure('identity_rejected', { cause })
    }
  }

  /** @throws EntradaFailure `identity_rejected`, `wrong_account`, `sign_in_unavailable` */
  async redeemCode(
    parameters: URLSearchParams,
    { codeVerifier, nonce }: AttemptSecrets,
  ): Promise<Redemption> {
    const server = await this.#metadata.read()
    return this.#withCredentials(async (authentication) => {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        authentication,
        parameters,
        this.redirectUri,
        codeVerifier,
        this.#tokenOptions(this.#settings.scopes.token.join(' ')),
      )
      const issuedBy = await this.#issuedBy(server, response)
      const body = await oauth.processAuthorizationCodeResponse(issuedBy, this.#client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      return readTokens(body, await this.#verifiedIdentity(issuedBy, body, { withUserInfo: true }))
    })
  }

  /**
   * Redeems a refresh token for one resource. `scope` is always sent: Entra refuses without (AADSTS90009).
   * @throws EntradaFailure `identity_rejected` when a returned id token is somebody else's
   */
  async redeemRefreshToken(refreshToken: string, request: RefreshRequest): Promise<Redemption> {
    const server = await this.#metadata.read()
    return this.#withCredentials(async (authentication) => {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        this.#client,
        authentication,
        refreshToken,
        this.#tokenOptions(request.scope, request.claims),
      )
      const issuedBy = await this.#issuedBy(server, response)
      const body = await oauth.processRefreshTokenResponse(issuedBy, this.#client, response)
      const claims = oauth.getValidatedIdTokenClaims(body)
      // OIDC Core §12.2: same subject as at sign-in. The token itself may be unsigned on refresh; then it
      // confirms who this is and decides nothing else.
      if (claims !== undefined && claims.sub !== request.subject) {
        throw new EntradaFailure('identity_rejected')
      }
      const isWanted = claims !== undefined && request.wantsIdentity
      const identity = isWanted
        ? await this.#verifiedIdentity(issuedBy, body).catch(() => null)
        : null
      return readTokens(body, identity)
    })
  }

  /** For the set-up check: what the service calls itself, and how many keys it signs with. */
  async describe(): Promise<{ readonly issuer: string; readonly keys: number }> {
    const server = await this.#metadata.read()
    return { issuer: server.issuer, keys: await this.#keys.count(server) }
  }

  /**
   * For the set-up check: presents each credential, in the order of the setting; `null` where it was accepted. By a
   * grant of the app's own: Entra grants it to an app that has been given nothing (client credentials flow,
   * “Controlling tokens without the roles claim”), and refuses as it does at a sign-in. The token is dropped.
   */
  async tryCredentials(): Promise<readonly (Refusal | null)[]> {
    const server = await this.#metadata.read()
    const { allowedTenants, kind, microsoft } = this.#settings.issuer
    const parameters = microsoft === null ? {} : { scope: `${microsoft.graph}/.default` }
    // `organizations` and `common` are no tenant an app could speak for (AADSTS50059).
    const { token_endpoint: endpoint = '' } = server
    const words = /(?<=\/)(?:organizations|common)(?=\/)/
    const ofTenant =
      kind === 'template'
        ? { ...server, token_endpoint: endpoint.replace(words, allowedTenants[0] ?? '') }
        : server
    const tries = (await this.#credentials.inOrder()).map(async (authentication) => {
      const response = await oauth.clientCredentialsGrantRequest(
        ofTenant,
        this.#client,
        authentication,
        parameters,
        this.#options,
      )
      await oauth.processClientCredentialsResponse(ofTenant, this.#client, response)
      return null
    })
    return Promise.all(tries.map((one) => one.catch(refusalOf)))
  }

  /** Where to sign out at the service; `null` when it has no such place. */
  async endSessionEndpoint(): Promise<string | null> {
    return (await this.#metadata.read()).end_session_endpoint ?? null
  }

  /** @returns `null` for a back-channel logout token that does not hold */
  async readLogoutToken(token: string): Promise<LogoutNotice | null> {
    return readLogoutToken(token, {
      server: await this.#metadata.read(),
      keys: this.#keys,
      clientId: this.#settings.client.id,
    })
  }

  /** @throws EntradaFailure `identity_rejected` when the signature does not hold or the token is meant for others */
  async #verifiedIdentity(
    issuedBy: oauth.AuthorizationServer,
    body: oauth.TokenEndpointResponse,
    { withUserInfo = false } = {},
  ): Promise<Identity> {
    const claims = oauth.getValidatedIdTokenClaims(body)
    if (claims === undefined || body.id_token === undefined) {
      throw new EntradaFailure('identity_rejected')
    }
    await compactVerify(body.id_token, this.#keys.of(issuedBy))
    checkAudience(claims, this.#settings.client.id)
    const { issuer } = this.#settings
    // Entra's id token says all there is; others keep names and groups for the UserInfo endpoint.
    const info =
      withUserInfo && issuer.microsoft === null
        ? await readUserInfo(body.access_token, {
            server: issuedBy,
            client: this.#client,
            subject: claims.sub,
            options: this.#options,
          })
        : {}
    return readIdentity({ ...info, ...claims }, issuer)
  }

  #claims(challenge: string | null): string | null {
    return claimsParameter(challenge, this.#settings.announcesCapabilities)
  }

  #tokenOptions(scope: string, challenge: string | null = null) {
    const claims = this.#claims(challenge)
    return {
      ...this.#options,
      additionalParameters: claims === null ? { scope } : { scope, claims },
    }
  }

  /** Tries the next credential only when this one was refused as such. */
  async #withCredentials(
    redeem: (authentication: oauth.ClientAuth) => Promise<RedeemedTokens>,
  ): Promise<Redemption> {
    let refusal: Refusal | null = null
    for (const authentication of await this.#credentials.inOrder()) {
      try {
        const tokens = await redeem(authentication)
        await this.#credentials.prefer(authentication)
        return { ok: true, tokens }
      } catch (cause) {
        if (cause instanceof EntradaFailure) throw cause
        if (isRejectedIdentity(cause)) throw new EntradaFailure('identity_rejected', { cause })
        refusal = refusalOf(cause)
        if (refusal.kind !== 'client') return { ok: false, refusal }
      }
    }
    if (refusal === null) throw new EntradaFailure('registration_rejected')
    return { ok: false, refusal }
  }

  /** The metadata with the `{tenantid}` template filled from the token's own, allowed tenant. */
  async #issuedBy(
    server: oauth.AuthorizationServer,
    response: Response,
  ): Promise<oauth.AuthorizationServer> {
    if (this.#settings.issuer.kind !== 'template' || response.status !== 200) return server
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null)
    const idToken =
      typeof body === 'object' && body !== null && 'id_token' in body ? body.id_token : undefined
    if (idToken === undefined) return server
    const tenantId = claimedTenant(idToken, this.#settings.issuer)
    return { ...server, issuer: server.issuer.replace('{tenantid}', tenantId) }
  }
}

const IDENTITY_ERRORS: ReadonlySet<string> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JSON_ATTRIBUTE_COMPARISON,
])

/** The service answered, and what it answered does not hold. */
function isRejectedIdentity(cause: unknown): boolean {
  if (cause instanceof oauth.UnsupportedOperationError) return true
  if (cause instanceof JOSEError) return true
  return (
    cause instanceof oauth.OperationProcessingError &&
    cause.code !== undefined &&
    IDENTITY_ERRORS.has(cause.code)
  )
}
