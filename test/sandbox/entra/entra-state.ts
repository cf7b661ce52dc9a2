import type { SandboxWorld } from '../sandbox.ts'
import { ConsentLedger } from './consent-ledger.ts'
import { Grants } from './grants.ts'
import { LoopDetector } from './loop-detector.ts'
import { GRAPH, RESOURCES, type Resource, SIGN_IN_PERMISSIONS } from './permissions.ts'
import { readScopes } from './scopes.ts'
import { SignIns } from './sign-ins.ts'
import { SigningKeys } from './signing-keys.ts'

/** The parts of the sandbox that the sign-in service uses. */
export type EntraWorld = Pick<
  SandboxWorld,
  'hosts' | 'tenants' | 'registration' | 'accessTokens' | 'faults' | 'entra'
>

type Tenancy = Pick<EntraWorld, 'hosts' | 'tenants' | 'registration'>

/** Every secret value that the sign-in service issued. None may appear in logs or storage. */
export interface Minted {
  readonly codes: readonly string[]
  readonly refreshTokens: readonly string[]
  readonly idTokens: readonly string[]
}

/**
 * The state of the sign-in service and the administrator's actions on it, for tests and the control
 * page.
 */
export class EntraState {
  readonly keys = new SigningKeys()
  readonly signIns = new SignIns()
  readonly consents = new ConsentLedger()
  readonly grants = new Grants()
  readonly loops = new LoopDetector()
  /**
   * Permissions that need an administrator under the tenant's consent policy. Tests may change the
   * set.
   */
  readonly administratorPermissions: Set<string>
  /** Issued id tokens, each with its `sid`, to look up an `id_token_hint`. */
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

  /** Grants tenant-wide consent, as the admin centre does. Takes short scope names. */
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

  /** Revokes a person's consent: for one resource or for all, for some scopes or all. */
  revokeConsent(userId: string, resourceOrigin?: string, scopes?: readonly string[]): void {
    for (const { tenantId } of this.#world.tenants) {
      this.#revoke(tenantId, userId, resourceOrigin, scopes)
    }
  }

  /** Revokes tenant-wide consent. The consent of individual people stays. */
  revokeAdminConsent(
    resourceOrigin?: string,
    scopes?: readonly string[],
    tenantId: string = this.homeTenantId,
  ): void {
    this.#revoke(tenantId, '*', resourceOrigin, scopes)
  }

  /**
   * Starts signing with a new key. `retire` also withdraws the old ones, so tokens they signed stop
   * verifying.
   */
  rollKeys({ retire = false }: { readonly retire?: boolean } = {}): void {
    this.keys.roll()
    if (retire) this.keys.retire()
  }

  /**
   * Revokes a user's refresh tokens (AADSTS50173) and ends their sign-in sessions, as the admin
   * centre does.
   */
  revokeSessions(userId: string): void {
    this.grants.revokeUser(userId)
    this.signIns.endUser(userId)
  }

  /**
   * Ends sign-in sessions only: refresh tokens of a confidential client outlive single sign-out.
   */
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

  /** The tenant that owns the registration. */
  get homeTenantId(): string {
    const [home] = this.#world.tenants
    if (home === undefined) throw new Error('The sandbox has no tenant')
    return home.tenantId
  }

  /** A sequence number per access token, so that lifetimes vary in the same way in every run. */
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
