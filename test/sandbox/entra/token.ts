import { createHash } from 'node:crypto'
import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { type Account, clientInfoOf } from './accounts.ts'
import { type Authority, segmentOf } from './authority.ts'
import { checkClient, required } from './authorization-request.ts'
import {
  type ClaimsRequest,
  POLICY_CHALLENGE,
  POLICY_DEMAND,
  readClaimsRequest,
} from './claims-request.ts'
import { authenticateClient, readCredentials, type TokenRequest } from './client-authentication.ts'
import { checkResources, consenterOf } from './consent.ts'
import type { Grant } from './grants.ts'
import { mintIdToken } from './id-token.ts'
import { GRAPH } from './permissions.ts'
import { issueToApp, checkServicePrincipal } from './app-token.ts'
import { readScopes, type RequestedScopes, type ResourceScopes, theOneResource } from './scopes.ts'
import { checkAdmission } from './sign-in.ts'
import { type Redemption, redeemCode, redeemRefreshToken } from './token-grants.ts'

const DAY_SECONDS = 24 * 60 * 60
const GRANT_TYPES: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
])

/** Answers a token request, or throws the error response. */
export async function redeem(
  world: EntraWorld,
  authority: Authority,
  { request, form }: TokenRequest,
): Promise<Response> {
  if (request.method !== 'POST') throw new AadstsError(900561, `Received: ${request.method}.`)
  const grantType = required(form, 'grant_type')
  if (!GRANT_TYPES.has(grantType)) throw new AadstsError(70003, `Grant type: '${grantType}'.`)
  if (form.has('resource')) throw new AadstsError(901002)
  const { clientId } = readCredentials({ request, form })
  checkClient(world, authority, new URLSearchParams({ client_id: clientId }))
  if (grantType === 'client_credentials') checkServicePrincipal(world, authority)
  const segment = segmentOf(authority)
  if (!checkOrigin(world, request, form)) {
    const tokenEndpoint = `${world.hosts.login}/${segment}/oauth2/v2.0/token`
    await authenticateClient(world, { request, form }, tokenEndpoint)
  }
  if (grantType === 'client_credentials') return Response.json(issueToApp(world, authority, form))
  const presented = { form, clientId, authority: segment }
  const redemption =
    grantType === 'authorization_code'
      ? redeemCode(world, presented)
      : redeemRefreshToken(world, presented)
  return Response.json(await issue(world, redemption, form))
}

/** A body in any other encoding is treated as a form without parameters. */
export async function readTokenForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  const isForm = type.toLowerCase().startsWith('application/x-www-form-urlencoded')
  return new URLSearchParams(isForm ? await request.text() : '')
}

/** Finds the presented grant before any check, because faults can be limited to one user. */
export function presentedGrant(world: EntraWorld, form: URLSearchParams): Grant | null {
  const { grants } = world.entra
  return grants.code(form.get('code') ?? '') ?? grants.refreshToken(form.get('refresh_token') ?? '')
}

/**
 * Browsers redeem codes of single-page redirect URIs, servers those of web ones; `Origin`
 * distinguishes them. Returns true for a browser, which must not send a credential.
 */
function checkOrigin(world: EntraWorld, request: Request, form: URLSearchParams): boolean {
  const origin = request.headers.get('origin')
  const isSinglePage = presentedGrant(world, form)?.isSinglePage === true
  if (isSinglePage && origin === null) throw new AadstsError(9002327)
  if (!isSinglePage && origin !== null) {
    throw new AadstsError(9002326, `Request origin: '${origin}'.`)
  }
  if (!isSinglePage) return false
  const hasCredential =
    request.headers.has('authorization') ||
    form.has('client_secret') ||
    form.has('client_assertion')
  if (hasCredential) throw new AadstsError(700025)
  return true
}

async function issue(
  world: EntraWorld,
  { grant, scope, nonce, previous }: Redemption,
  form: URLSearchParams,
): Promise<object> {
  const { entra, faults, accessTokens } = world
  const account = accountOf(world, grant)
  const claims = readClaimsRequest(form.get('claims'))
  const scopes = readScopes(scope, world.hosts)
  const target = theOneResource(scopes, world.hosts)
  checkAdmission(world, account)
  checkResources(world, account, scopes)
  const consented = checkConsent(world, account, { scopes, target })
  const isNamedOnly =
    previous === null &&
    !target.isDefault &&
    faults.take('entra.named_scopes_only', grant.userId) !== null
  const granted = isNamedOnly
    ? consented.filter((name) => target.names.includes(name) || /^[a-z_]+$/.test(name))
    : consented
  checkPolicies(world, grant, claims)
  const lifetime = lifetimeOf(entra.nextIssue(), claims)
  const accessToken = accessTokens.mint({
    tenantId: grant.tenantId,
    userId: grant.userId,
    clientId: grant.clientId,
    audience: target.audience,
    scopes: granted,
    expiresAt: Date.now() + lifetime * 1000,
  })
  const isKept =
    scopes.openid.has('offline_access') &&
    faults.take('entra.no_refresh_token', grant.userId) === null
  return {
    token_type: 'Bearer',
    scope: scopeAnswer(granted, target),
    expires_in: lifetime,
    ext_expires_in: lifetime,
    access_token: accessToken,
    ...(isKept ? { refresh_token: entra.grants.issueRefreshToken(grant, previous) } : {}),
    ...(scopes.openid.has('openid')
      ? { id_token: await mintIdToken(world, { account, grant, openid: scopes.openid, nonce }) }
      : {}),
    ...(form.get('client_info') === '1' ? { client_info: clientInfoOf(account) } : {}),
  }
}

function accountOf({ tenants }: EntraWorld, grant: Grant): Account {
  const directory = tenants.find(({ tenantId }) => tenantId === grant.tenantId)
  const person = directory?.person(grant.userId)
  if (directory === undefined || person == null) throw new AadstsError(500341)
  return { directory, person }
}

/** A token carries everything consented for its resource, not only the requested scopes. */
function checkConsent(
  world: EntraWorld,
  account: Account,
  { scopes, target }: { readonly scopes: RequestedScopes; readonly target: ResourceScopes },
): readonly string[] {
  const { consents } = world.entra
  const consenter = consenterOf(world, account)
  const granted = consents.granted(consenter, target.resource)
  const forGraph = consents.granted(consenter, GRAPH)
  const isConsented =
    granted.length > 0 &&
    target.names.every((name) => granted.includes(name)) &&
    [...scopes.openid].every((name) => forGraph.includes(name))
  if (isConsented) return granted.filter((name) => name !== 'offline_access')
  const named = target.isDefault ? '.default' : target.names.join(' ')
  throw new AadstsError(65001, `Resource: '${target.audience}', scope: '${named}'.`)
}

/** Conditional Access checks every redemption; only a person at the sign-in page can satisfy it. */
function checkPolicies({ faults }: EntraWorld, grant: Grant, claims: ClaimsRequest): void {
  if (faults.take('entra.blocked_by_policy', grant.userId) !== null) throw new AadstsError(53003)
  if (!claims.demands.every((demand) => grant.met.has(demand))) {
    throw new AadstsError(50076, '', claims.challenge)
  }
  const isMet = grant.met.has(POLICY_DEMAND)
  if (!isMet && faults.take('entra.conditional_access', grant.userId) !== null) {
    throw new AadstsError(50076, '', POLICY_CHALLENGE)
  }
}

/**
 * A lifetime between 60 and 90 minutes, different each time; a day for clients that handle
 * challenges.
 */
function lifetimeOf(issued: number, { announcesContinuousAccess }: ClaimsRequest): number {
  if (announcesContinuousAccess) return DAY_SECONDS
  const noise = createHash('sha256').update(`lifetime ${issued}`).digest().readUInt32BE()
  return 3600 + (noise % 1800)
}

/**
 * Returns scopes in the client's form, OpenID scopes bare and with Graph only, and `.default` next
 * to what it expanded to. Every published Entra response that we found has this form.
 */
function scopeAnswer(granted: readonly string[], { resource, prefix, isDefault }: ResourceScopes) {
  const isBare = (name: string) => resource === GRAPH && /^[a-z_]+$/.test(name)
  const names = granted.map((name) => (isBare(name) ? name : `${prefix}${name}`))
  return [...names, ...(isDefault ? [`${prefix}.default`] : [])].join(' ')
}
