import { randomUUID } from 'node:crypto'

interface Meaning {
  /** OAuth error code that Entra sends with the AADSTS number. */
  readonly error: string
  readonly text: string
  readonly suberror?: string
  /** OAuth error of the authorize endpoint where it differs from the token endpoint's. */
  readonly onAuthorize?: string
  /** Entra shows an error page of its own instead of redirecting to the application. */
  readonly staysOnPage?: true
}

/**
 * The AADSTS numbers that the sandbox can answer with. Microsoft warns that the texts change, so
 * these are our own.
 */
export const AADSTS = {
  16000: {
    error: 'interaction_required',
    text: 'Several accounts are signed in and none could be chosen without asking.',
  },
  28000: {
    error: 'invalid_request',
    text: 'The scope parameter is not valid because it contains more than one resource.',
  },
  50011: {
    error: 'invalid_request',
    text: 'The redirect URI in the request does not match the redirect URIs of the application.',
    staysOnPage: true,
  },
  50020: {
    error: 'invalid_grant',
    onAuthorize: 'interaction_required',
    text: 'The account belongs to another tenant and does not exist as a guest in this one.',
    staysOnPage: true,
  },
  50034: {
    error: 'invalid_grant',
    onAuthorize: 'interaction_required',
    text: 'The account does not exist in this directory.',
    staysOnPage: true,
  },
  50057: {
    error: 'invalid_grant',
    onAuthorize: 'interaction_required',
    text: 'The user account is disabled.',
    staysOnPage: true,
  },
  50058: {
    error: 'login_required',
    text: 'A silent sign-in was asked for, but nobody is signed in.',
  },
  50059: {
    error: 'invalid_request',
    text: 'No tenant was named, neither by the request nor by the credentials.',
    staysOnPage: true,
  },
  50076: {
    error: 'interaction_required',
    suberror: 'basic_action',
    text: 'Multi-factor authentication is required by a policy of the organisation.',
  },
  50105: {
    error: 'invalid_grant',
    onAuthorize: 'interaction_required',
    text: 'The application admits assigned users only, and this user is not assigned.',
    staysOnPage: true,
  },
  50173: {
    error: 'invalid_grant',
    suberror: 'bad_token',
    text: 'The grant was revoked; a fresh sign-in is needed.',
  },
  50194: {
    error: 'unauthorized_client',
    text: 'The application is not multi-tenant, so it must name its tenant in the authority.',
    staysOnPage: true,
  },
  50196: {
    error: 'invalid_grant',
    text: 'The request was stopped because the client repeats it in a loop.',
  },
  53003: {
    error: 'access_denied',
    suberror: 'message_only',
    text: 'Access is blocked by Conditional Access; the policy does not allow token issuance.',
  },
  54005: {
    error: 'invalid_grant',
    text: 'The authorization code was already redeemed.',
  },
  65001: {
    error: 'invalid_grant',
    suberror: 'consent_required',
    onAuthorize: 'consent_required',
    text: 'Neither the user nor an administrator has consented to the application for this resource.',
  },
  65004: { error: 'access_denied', text: 'The user declined to consent to the application.' },
  70000: { error: 'invalid_grant', text: 'The code or refresh token is not valid.' },
  70003: { error: 'unsupported_grant_type', text: 'The grant type is not supported.' },
  70005: { error: 'unsupported_response_type', text: 'The response type is not supported.' },
  70007: { error: 'invalid_request', text: 'The response mode is not supported.' },
  70008: { error: 'invalid_grant', text: 'The authorization code has expired.' },
  70011: { error: 'invalid_scope', text: 'The scope parameter is not valid.' },
  70043: {
    error: 'invalid_grant',
    suberror: 'token_expired',
    text: 'The refresh token is older than the sign-in frequency of Conditional Access allows.',
  },
  90002: { error: 'invalid_request', text: 'The tenant was not found.', staysOnPage: true },
  90005: {
    error: 'invalid_request',
    text: 'The request combines parameters that exclude each other.',
  },
  90009: {
    error: 'invalid_request',
    text: 'No scope was named, so the application asks for a token for itself.',
  },
  90023: { error: 'invalid_request', text: 'The request is not valid.' },
  90055: { error: 'temporarily_unavailable', text: 'There are too many incoming requests.' },
  90094: {
    error: 'access_denied',
    text: 'The permissions asked for need the consent of an administrator.',
  },
  500011: {
    error: 'invalid_resource',
    text: 'The resource principal was not found in the tenant.',
  },
  500112: {
    error: 'invalid_grant',
    text: 'The redirect URI differs from the one the authorization code was sent to.',
  },
  500341: {
    error: 'invalid_grant',
    text: 'The user account has been deleted from the directory.',
  },
  501481: {
    error: 'invalid_grant',
    text: 'The code_verifier does not match the code_challenge of the authorization request.',
  },
  501491: {
    error: 'invalid_request',
    text: 'The code_challenge or its method is not valid.',
  },
  650053: {
    error: 'invalid_client',
    text: 'The application asks for a permission that does not exist on the resource.',
  },
  700005: {
    error: 'invalid_grant',
    text: 'The authorization code must be redeemed at the tenant it was issued by.',
  },
  700016: {
    error: 'unauthorized_client',
    text: 'The application was not found in the directory.',
    staysOnPage: true,
  },
  700021: {
    error: 'invalid_client',
    text: 'The client assertion names another application than client_id.',
  },
  700023: {
    error: 'invalid_client',
    text: 'The audience of the client assertion is not this token endpoint.',
  },
  700024: {
    error: 'invalid_client',
    text: 'The client assertion is not within its valid time range.',
  },
  700025: {
    error: 'invalid_client',
    text: 'The client is public, so neither a secret nor an assertion may be presented.',
  },
  700027: {
    error: 'invalid_client',
    text: 'The client assertion failed signature validation.',
  },
  700054: {
    error: 'unsupported_response_type',
    text: 'Tokens at the authorize endpoint are not enabled for the application.',
  },
  700082: {
    error: 'invalid_grant',
    text: 'The refresh token has expired due to inactivity.',
  },
  700084: {
    error: 'invalid_grant',
    text: 'The refresh token was issued to a single-page application; its 24 hours are over.',
  },
  900144: { error: 'invalid_request', text: 'The request lacks a required parameter.' },
  900561: { error: 'invalid_request', text: 'The endpoint only accepts POST requests.' },
  900971: { error: 'invalid_request', text: 'No reply address was provided.', staysOnPage: true },
  901002: { error: 'invalid_request', text: "The 'resource' parameter is not supported." },
  1002012: {
    error: 'invalid_scope',
    text: 'The client credentials flow takes the scope /.default of one resource.',
  },
  7000215: { error: 'invalid_client', text: 'The client secret is not valid.' },
  7000218: {
    error: 'invalid_client',
    text: "The request body must contain 'client_assertion' or 'client_secret'.",
  },
  7000222: { error: 'invalid_client', text: 'The client secret has expired.' },
  7000229: {
    error: 'unauthorized_client',
    text: 'The application has no service principal in the tenant.',
  },
  9002313: { error: 'invalid_request', text: 'The request is malformed.' },
  9002325: {
    error: 'invalid_request',
    text: 'Proof Key for Code Exchange is required for cross-origin redemption.',
  },
  9002326: {
    error: 'invalid_request',
    text: 'Cross-origin redemption is permitted for single-page applications only.',
  },
  9002327: {
    error: 'invalid_request',
    text: 'Tokens of a single-page application may only be redeemed by a cross-origin request.',
  },
  9002332: {
    error: 'unauthorized_client',
    text: 'The application is for work accounts; the consumers endpoint does not serve it.',
    staysOnPage: true,
  },
} as const satisfies Readonly<Record<number, Meaning>>

export type AadstsCode = keyof typeof AADSTS

/** An Entra error response; `detail` holds what is specific to this request. */
export class AadstsError extends Error {
  override readonly name = 'AadstsError'
  readonly code: AadstsCode
  readonly meaning: Meaning
  /** Claims challenge to satisfy interactively, as JSON text. */
  readonly claims: string | null

  constructor(code: AadstsCode, detail = '', claims: string | null = null) {
    const meaning: Meaning = AADSTS[code]
    super(detail === '' ? meaning.text : `${meaning.text} ${detail}`)
    this.code = code
    this.meaning = meaning
    this.claims = claims
  }
}

/** The identifiers of one failed request, which Microsoft support asks for. */
export interface Incident {
  readonly traceId: string
  readonly correlationId: string
  readonly timestamp: string
}

export function incidentOf(request: Request): Incident {
  // MSAL sends the claims challenge in the query.
  const name = 'client-request-id'
  const sent = request.headers.get(name) ?? new URL(request.url).searchParams.get(name)
  return {
    traceId: randomUUID(),
    correlationId: sent ?? randomUUID(),
    timestamp: `${new Date(Date.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`,
  }
}

export function describeError(error: AadstsError, incident: Incident): string {
  return (
    `AADSTS${error.code}: ${error.message} Trace ID: ${incident.traceId} ` +
    `Correlation ID: ${incident.correlationId} Timestamp: ${incident.timestamp}`
  )
}
