import type { Directory } from '../directory/directory.ts'
import { AadstsError } from './aadsts.ts'

/** The tenant of personal accounts; `consumers` is its alias. */
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** Who may sign in, by the first path segment. */
export type Authority =
  | { readonly kind: 'tenant'; readonly directory: Directory }
  | { readonly kind: 'organizations' | 'common' | 'consumers' }

/** Parses a GUID, a verified domain, an `onmicrosoft.com` name or a multi-tenant alias. */
export function readAuthority(segment: string, tenants: readonly Directory[]): Authority {
  const name = segment.toLowerCase()
  if (name === 'organizations' || name === 'common' || name === 'consumers') return { kind: name }
  if (name === CONSUMERS) return { kind: 'consumers' }
  const directory = tenants.find(
    (tenant) => tenant.tenantId === name || domainsOf(tenant).includes(name),
  )
  if (directory === undefined) throw new AadstsError(90002, `Tenant: '${segment}'.`)
  return { kind: 'tenant', directory }
}

/**
 * The path segment that Entra itself uses: always a tenant's GUID, whichever name the client used.
 */
export function segmentOf(authority: Authority): string {
  return authority.kind === 'tenant' ? authority.directory.tenantId : authority.kind
}

/** The tenant's verified domains, including its initial `onmicrosoft.com` domain. */
export function domainsOf(directory: Directory): readonly string[] {
  return [directory.domain, `${directory.domain.split('.')[0]}.onmicrosoft.com`]
}
