import type { Directory } from '../directory/directory.ts'
import { AadstsError } from './aadsts.ts'

/** The tenant of personal accounts, which `consumers` stands for. */
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** Who may sign in, by the first segment of the path. */
export type Authority =
  | { readonly kind: 'tenant'; readonly directory: Directory }
  | { readonly kind: 'organizations' | 'common' | 'consumers' }

/** Reads a GUID, a verified domain, an `onmicrosoft.com` name or one of the multi-tenant words. */
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

/** The path segment Entra itself uses: always the GUID for a tenant, however the client named it. */
export function segmentOf(authority: Authority): string {
  return authority.kind === 'tenant' ? authority.directory.tenantId : authority.kind
}

/** Domains the tenant has proven, including the one it was born with. */
export function domainsOf(directory: Directory): readonly string[] {
  return [directory.domain, `${directory.domain.split('.')[0]}.onmicrosoft.com`]
}
