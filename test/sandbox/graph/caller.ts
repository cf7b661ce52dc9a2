import type { AccessGrant } from '../access-tokens.ts'
import type { Directory, Person } from '../directory/directory.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { denied, GraphError } from './graph-error.ts'

/** The user a request is made for, and the scopes of its token. */
export interface Caller {
  readonly grant: AccessGrant
  readonly person: Person
  readonly directory: Directory
}

export type Scopes = readonly [leastPrivileged: string, ...others: string[]]

/** Delegated permissions that allow a kind of resource; any one of them is enough. */
export const SCOPES = {
  me: ['User.Read', 'User.ReadWrite', 'User.Read.All', 'Directory.Read.All'],
  people: ['People.Read', 'People.Read.All'],
  users: ['User.ReadBasic.All', 'User.Read.All', 'Directory.Read.All'],
  fullUsers: ['User.Read.All', 'Directory.Read.All'],
  groups: ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'],
  hiddenMembership: ['Member.Read.Hidden'],
  ownFiles: [
    'Files.Read',
    'Files.ReadWrite',
    'Files.Read.All',
    'Files.ReadWrite.All',
    'Sites.Read.All',
  ],
  files: ['Files.Read.All', 'Files.ReadWrite.All', 'Sites.Read.All', 'Sites.ReadWrite.All'],
  sites: ['Sites.Read.All', 'Sites.ReadWrite.All'],
} as const satisfies Record<string, Scopes>

export function authenticate(world: SandboxWorld, request: Request): Caller {
  const grant = grantOf(world, request)
  if (grant === null) {
    const isEmpty = bearerOf(request) === ''
    throw unauthenticated(
      world,
      isEmpty
        ? 'Access token is empty.'
        : 'IDX14100: JWT is not well formed, there are no dots (.).',
    )
  }
  if (grant.audience !== world.hosts.graph) {
    throw unauthenticated(world, 'Access token validation failure. Invalid audience.')
  }
  if (grant.expiresAt <= Date.now()) {
    throw unauthenticated(world, 'Lifetime validation failed, the token is expired.')
  }
  const directory = world.tenants.find(({ tenantId }) => tenantId === grant.tenantId)
  const person = directory?.person(grant.userId) ?? null
  if (directory === undefined || person === null) {
    const message = 'The identity of the calling application could not be established.'
    throw new GraphError(401, 'Authorization_IdentityNotFound', message)
  }
  return { grant, person, directory }
}

/** The grant of the bearer token, valid or not: faults may be limited to one user. */
export function grantOf(world: SandboxWorld, request: Request): AccessGrant | null {
  return world.accessTokens.find(bearerOf(request))
}

export function unauthenticated(world: SandboxWorld, message: string): GraphError {
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    headers: { 'www-authenticate': `Bearer realm="", ${authorizationUri(world)}` },
  })
}

/** Continuous access evaluation: the token is unexpired but no longer accepted. */
export function claimsChallenge(world: SandboxWorld): GraphError {
  const notBefore = { essential: true, value: String(Math.floor(Date.now() / 1000)) }
  const claims = btoa(JSON.stringify({ access_token: { nbf: notBefore } }))
  const challenge = `error="insufficient_claims", claims="${claims}"`
  return new GraphError(
    401,
    'InvalidAuthenticationToken',
    'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
    {
      headers: { 'www-authenticate': `Bearer realm="", ${authorizationUri(world)}, ${challenge}` },
    },
  )
}

export function holds(caller: Caller, scopes: Scopes): boolean {
  return scopes.some((scope) => caller.grant.scopes.includes(scope))
}

export function requireScope(caller: Caller, scopes: Scopes, refusal = denied()): void {
  if (!holds(caller, scopes)) throw refusal
}

/** Guests may read objects by id, but may not list the directory. */
export function refuseGuests(caller: Caller): void {
  if (caller.person.userType === 'Guest') throw denied()
}

function bearerOf(request: Request): string {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}

function authorizationUri(world: SandboxWorld): string {
  return `authorization_uri="${world.hosts.login}/common/oauth2/authorize"`
}
