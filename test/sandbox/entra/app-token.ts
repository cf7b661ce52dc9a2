import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { required } from './authorization-request.ts'
import type { Authority } from './authority.ts'
import { readScopes } from './scopes.ts'

const LIFETIME_SECONDS = 3599

/** An application acts as itself in one tenant; the tenant must contain its service principal. */
export function checkServicePrincipal(world: EntraWorld, authority: Authority): void {
  if (authority.kind !== 'tenant') throw new AadstsError(50059)
  const { clientId } = world.registration
  const { tenantId } = authority.directory
  const isHome = tenantId === world.entra.homeTenantId
  if (!isHome && !world.entra.consents.knows({ clientId, tenantId })) {
    throw new AadstsError(7000229, `Tenant: '${tenantId}'.`)
  }
}

/**
 * The client credentials grant. Without application permissions Entra still issues a token, without
 * roles (“Controlling tokens without the roles claim”). The sandbox accepts it nowhere, because it
 * names no user.
 */
export function issueToApp(world: EntraWorld, authority: Authority, form: URLSearchParams): object {
  const { resources, openid } = readScopes(required(form, 'scope'), world.hosts)
  const [only, ...others] = resources
  if (only?.isDefault !== true || others.length > 0 || openid.size > 0) {
    throw new AadstsError(1002012, `Scope: '${form.get('scope')}'.`)
  }
  const accessToken = world.accessTokens.mint({
    tenantId: authority.kind === 'tenant' ? authority.directory.tenantId : '',
    userId: '',
    clientId: world.registration.clientId,
    audience: only.audience,
    scopes: [],
    expiresAt: Date.now() + LIFETIME_SECONDS * 1000,
  })
  return {
    token_type: 'Bearer',
    expires_in: LIFETIME_SECONDS,
    ext_expires_in: LIFETIME_SECONDS,
    access_token: accessToken,
  }
}
