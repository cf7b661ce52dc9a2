/** The app registration that Entrada has in the sandbox tenant. */
export interface Registration {
  readonly clientId: string
  /** All are accepted, as in Entra, where several secrets live side by side during rotation. */
  readonly clientSecrets: readonly string[]
  /** Certificates accepted for `private_key_jwt`, PEM. Their SHA-256 thumbprint is the `x5t#S256`. */
  readonly certificates: readonly string[]
  /** Web-platform redirect URIs; exact match except that ports of localhost are ignored. */
  readonly redirectUris: readonly string[]
  /** Redirect URIs of the SPA platform: their refresh tokens die after 24 hours and need an `Origin`. */
  readonly spaRedirectUris: readonly string[]
  readonly frontChannelLogoutUrl: string | null
  /** What the `groups` claim holds; `none` leaves it out of the token. */
  readonly groupMembershipClaims: 'none' | 'SecurityGroup' | 'All' | 'ApplicationGroup'
  readonly optionalClaims: readonly (
    | 'sid'
    | 'login_hint'
    | 'acct'
    | 'email'
    | 'xms_edov'
    | 'auth_time'
    | 'upn'
  )[]
  /**
   * The app has a signing key of its own, as SAML or claims mapping on the same registration makes one. It is
   * published for this app alone, to those who ask with `?appid=`.
   */
  readonly hasOwnSigningKey: boolean
  /** AADSTS50105 for users who are not assigned. */
  readonly assignmentRequired: boolean
  /** `AzureADMyOrg` is one tenant, `AzureADMultipleOrgs` any work account. */
  readonly signInAudience: 'AzureADMyOrg' | 'AzureADMultipleOrgs'
}

/** Registered as the README tells an operator to, for a chat on loopback. */
export const DEFAULT_REGISTRATION: Registration = {
  clientId: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
  clientSecrets: ['sandbox~client.secret/with+signs%and:colon'],
  certificates: [],
  redirectUris: [
    'http://localhost/oauth/openid/callback',
    'http://localhost/.entrada/signed-out',
    'https://chat.contoso.example/oauth/openid/callback',
    'https://chat.contoso.example/.entrada/signed-out',
  ],
  spaRedirectUris: [],
  frontChannelLogoutUrl: null,
  groupMembershipClaims: 'SecurityGroup',
  optionalClaims: ['sid', 'login_hint', 'acct', 'email', 'xms_edov'],
  hasOwnSigningKey: false,
  assignmentRequired: false,
  signInAudience: 'AzureADMyOrg',
}
