import { SHAREPOINT_HOSTS, type SandboxHosts } from '../hosts.ts'
import { AadstsError } from './aadsts.ts'
import { findPermission, GRAPH, type Resource, SHAREPOINT } from './permissions.ts'

const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/** The scopes requested of one resource. */
export interface ResourceScopes {
  readonly resource: Resource
  /** Origin of the resource, as listed in the sandbox's hosts. */
  readonly audience: string
  /**
   * The resource exactly as the client wrote it, including a slash; empty for Graph's short names.
   * Answers repeat this form, because MSAL finds its tokens by it.
   */
  readonly prefix: string
  /** Permission names, in the resource's spelling where it knows them. */
  readonly names: readonly string[]
  /** `.default`: everything already consented. */
  readonly isDefault: boolean
}

export interface RequestedScopes {
  readonly openid: ReadonlySet<string>
  readonly resources: readonly ResourceScopes[]
}

/**
 * Parses a `scope` parameter. A scope without a resource means Microsoft Graph. Any other names its
 * resource by the host root, so a site's path before the permission makes the resource unknown.
 */
export function readScopes(value: string, hosts: SandboxHosts): RequestedScopes {
  const tokens = value.split(' ').filter((token) => token !== '')
  // RFC 6749 §3.3 separates scopes by spaces. A comma-separated list is a common mistake.
  if (tokens.some((token) => !/^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(token))) {
    throw new AadstsError(70011, `Scope: '${value}'.`)
  }
  const openid = new Set<string>()
  const resources = new Map<string, ResourceScopes>()
  for (const token of tokens) {
    const { prefix, name } = split(token)
    const found = resourceAt(prefix, hosts)
    if (found.resource === GRAPH && OPENID_SCOPES.has(name.toLowerCase())) {
      openid.add(name.toLowerCase())
      continue
    }
    const before = resources.get(found.audience)
    const isDefault = name.toLowerCase() === '.default'
    const names = isDefault ? [] : [findPermission(found.resource, name)?.name ?? name]
    resources.set(found.audience, {
      ...found,
      prefix: before?.prefix ?? prefix,
      names: [...new Set([...(before?.names ?? []), ...names])],
      isDefault: isDefault || before?.isDefault === true,
    })
  }
  const asked = [...resources.values()]
  const isMixed = asked.some(({ isDefault }) => isDefault) && asked.some(hasNames)
  if (isMixed || asked.filter(({ isDefault }) => isDefault).length > 1) {
    throw new AadstsError(70011, `.default does not go together with other scopes: '${value}'.`)
  }
  return { openid, resources: asked }
}

function hasNames({ names }: ResourceScopes): boolean {
  return names.length > 0
}

function split(token: string): { prefix: string; name: string } {
  const slash = token.lastIndexOf('/')
  const name = token.slice(slash + 1)
  const prefix = token.slice(0, slash + 1)
  if (name === '' || prefix === '/' || prefix.endsWith('//')) {
    throw new AadstsError(70011, `Scope: '${token}'.`)
  }
  return { prefix, name }
}

function resourceAt(prefix: string, hosts: SandboxHosts): { resource: Resource; audience: string } {
  const wanted = prefix.slice(0, -1).toLowerCase()
  const graphs = ['', hosts.graph, 'https://graph.microsoft.com']
  if (graphs.includes(wanted)) return { resource: GRAPH, audience: hosts.graph }
  const host = SHAREPOINT_HOSTS.find((one) => hosts[one] === wanted)
  if (host !== undefined) return { resource: SHAREPOINT, audience: hosts[host] }
  throw new AadstsError(500011, `Resource: '${prefix.slice(0, -1)}'.`)
}

/**
 * Returns the only resource a token can be for; Graph when only OpenID scopes are named. More than
 * one is AADSTS28000.
 */
export function theOneResource(scopes: RequestedScopes, hosts: SandboxHosts): ResourceScopes {
  const [first, ...more] = scopes.resources
  if (more.length > 0) {
    const named = scopes.resources.map(({ audience: each }) => `'${each}'`).join(', ')
    throw new AadstsError(28000, `Resources: ${named}.`)
  }
  if (first !== undefined) return first
  return { resource: GRAPH, audience: hosts.graph, prefix: '', names: [], isDefault: false }
}
