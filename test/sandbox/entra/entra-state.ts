import type { SandboxWorld } from '../sandbox.ts'
import { ConsentLedger } from './consent-ledger.ts'
import { Grants } from './grants.ts'
import { LoopDetector } from './loop-detector.ts'
import { GRAPH, RESOURCES, type Resource, SIGN_IN_PERMISSIONS } from './permissions.ts'
import { readScopes } from './scopes.ts'
import { SignIns } from './sign-ins.ts'
import { SigningKeys } from './signing-keys.ts'

/** Of the world, what the sign-in service deals with. */
export type EntraWorld = Pick<
  SandboxWorld,
  'hosts' | 'tenants' | 'registration' | 'accessTokens' | 'faults' | 'entra'
>

type Tenancy = Pick<EntraWorld, 'hosts' | 'tenants' | 'registration'>

/** Everything the sign-in service ever handed out and must never be found elsewhere. */
export interface Minted {
  readonly codes: readonly string[]
  readonly refreshTokens: readonly string[]
  readonly idTokens: readonly string[]
}

/** What the sign-in service remembers, and the levers an administrator has: for tests and the control page. */
export class EntraState {
  readonly keys = new SigningKeys()
  readonly signIns = new SignIns()
  readonly consents = new ConsentLedger()
  readonly grants = new Grants()
  readonly loops = new LoopDetector()
  /** Permissions that need an administrator, as the tenant's consent policy has it. Change it freely. */
  readonly administratorPermissions: Set<string>
  /** Issued id tokens, each with the `sid` it belongs to: what `id_token_hint` is looked up in. */
  readonly idTokens = new Map<string, string>()
  readonly #world: Tenancy
  #issued = 0

  constructor(world: Tenancy) {
    this.#world = world
    this.administratorPermissions = new Set(
      RESOURCES.flatMap(({ permissions }) =>
        permissions.filter(({ needsAdministrator }) => needsAdministrator).map(({ name }) => name),
      ),
    )
  }

  /** Consent for everyone in a tenant, as a click in the admin centre gives it. Short scope names. */
  grantAdminConsent(
    scopes: readonly string[],
    resourceOrigin: string = this.#world.hosts.graph,
    tenantId: string = this.homeTenantId,
  ): void {
    const { resource } = this.#resourceAt(resourceOrigin)
    const tenant = { clientId: this.#world.registration.clientId, tenantId }
    this.consents.grantForEveryone(tenant, resource, scopes)
    this.consents.grantForEveryone(tenant, GRAPH, SIGN_IN_PERMISSIONS)
  }

  /** Takes back what a person consented to: at one resource or at all, some scopes or all. */
  revokeConsent(userId: string, resourceOrigin?: string, scopes?: readonly string[]): void {
    for (const { tenantId } of this.#world.tenants) {
      this.#revoke(tenantId, userId, resourceOrigin, scopes)
    }
  }

  /** Takes back what was consented for everyone. What people consented to for themselves stays. */
  revokeAdminConsent(
    resourceOrigin?: string,
    scopes?: readonly string[],
    tenantId: string = this.homeTenantId,
  ): void {
    this.#revoke(tenantId, '*', resourceOrigin, scopes)
  }

  /** A new key signs; `retire` also withdraws the old ones, so that tokens they signed stop verifying. */
  rollKeys({ retire = false }: { readonly retire?: boolean } = {}): void {
    this.keys.roll()
    if (retire) this.keys.retire()
  }

  /** Revokes a user's refresh tokens (AADSTS50173) and ends their sign-ins, as the admin centre does. */
  revokeSessions(userId: string): void {
    this.grants.revokeUser(userId)
    this.signIns.endUser(userId)
  }

  /** Ends sign-ins and nothing else: refresh tokens of a confidential client outlive single sign-out. */
  signOutEverywhere(userId?: string): void {
    if (userId === undefined) this.signIns.endAll()
    else this.signIns.endUser(userId)
  }

  get minted(): Minted {
    return {
      codes: this.grants.codes,
      refreshTokens: this.grants.refreshTokens,
      idTokens: [...this.idTokens.keys()],
    }
  }

  /** The tenant that holds the registration. */
  get homeTenantId(): string {
    const [home] = this.#world.tenants
    if (home === undefined) throw new Error('The sandbox has no tenant')
    return home.tenantId
  }

  /** A number per access token, for lifetimes that vary the same way in every run. */
  nextIssue(): number {
    return this.#issued++
  }

  #revoke(
    tenantId: string,
    userId: string,
    resourceOrigin: string | undefined,
    names: readonly string[] | undefined,
  ): void {
    const tenant = { clientId: this.#world.registration.clientId, tenantId }
    const resources =
      resourceOrigin === undefined ? RESOURCES : [this.#resourceAt(resourceOrigin).resource]
    for (const resource of resources) {
      this.consents.revoke(tenant, userId, {
        resource,
        ...(names === undefined ? {} : { names }),
      })
    }
  }

  #resourceAt(origin: string): { readonly resource: Resource } {
    const [scopes] = readScopes(`${origin}/.default`, this.#world.hosts).resources
    if (scopes === undefined) throw new Error(`No resource at ${origin}`)
    return scopes
  }
}
