import type { Resource } from './permissions.ts'

/** The scope of one consent: one application in one tenant, for one person. */
export interface Consenter {
  readonly clientId: string
  readonly tenantId: string
  readonly userId: string
}

/** Stores consented permissions per user or tenant, application and resource. */
export class ConsentLedger {
  readonly #grants = new Map<string, Set<string>>()

  /** The person's own consent together with the tenant-wide consent. */
  granted(consenter: Consenter, resource: Resource): readonly string[] {
    const own = this.#grants.get(entry(consenter, consenter.userId, resource)) ?? []
    const everyones = this.#grants.get(entry(consenter, '*', resource)) ?? []
    return [...new Set([...own, ...everyones])]
  }

  grant(consenter: Consenter, resource: Resource, names: Iterable<string>): void {
    this.#add(entry(consenter, consenter.userId, resource), names)
  }

  grantForEveryone(
    tenant: Omit<Consenter, 'userId'>,
    resource: Resource,
    names: Iterable<string>,
  ): void {
    this.#add(entry(tenant, '*', resource), names)
  }

  /**
   * Revokes one person's consent, or the tenant-wide consent with `'*'`; either some scopes or all.
   */
  revoke(
    tenant: Omit<Consenter, 'userId'>,
    userId: string,
    { resource, names }: { readonly resource: Resource; readonly names?: readonly string[] },
  ): void {
    const key = entry(tenant, userId, resource)
    const kept = [...(this.#grants.get(key) ?? [])].filter(
      (name) => names?.includes(name) === false,
    )
    this.#grants.set(key, new Set(kept))
  }

  /**
   * Whether anybody in a tenant has ever consented. The first consent creates the service principal
   * there.
   */
  knows({ clientId, tenantId }: Omit<Consenter, 'userId'>): boolean {
    return [...this.#grants.keys()].some((key) => key.startsWith(`${clientId} ${tenantId} `))
  }

  #add(key: string, names: Iterable<string>): void {
    this.#grants.set(key, new Set([...(this.#grants.get(key) ?? []), ...names]))
  }
}

function entry(tenant: Omit<Consenter, 'userId'>, userId: string, resource: Resource): string {
  return [tenant.clientId, tenant.tenantId, userId, resource.applicationId].join(' ')
}
