import { createHash, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Group } from '../directory/directory.ts'
import type { Registration } from '../registration.ts'
import type { EntraWorld } from './entra-state.ts'
import { type Account, homeNameOf, identityProviderOf, loginHintOf } from './accounts.ts'
import { domainsOf } from './authority.ts'
import { issuerOf } from './discovery.ts'
import type { Grant } from './grants.ts'

/** Above this number the token lists no groups (150 in SAML, 5 in the implicit flow). */
const GROUPS_IN_TOKEN = 200

const HOUR = 3600
/** Entra backdates its tokens by five minutes, to tolerate clock skew. */
const BACKDATED = 300

export interface IdTokenFor {
  readonly account: Account
  readonly grant: Grant
  readonly openid: ReadonlySet<string>
  /** Absent after a refresh, whatever nonce the sign-in carried. */
  readonly nonce: string | null
}

type Claims = Readonly<Record<string, unknown>>

export async function mintIdToken(world: EntraWorld, wanted: IdTokenFor): Promise<string> {
  const { account, grant, nonce } = wanted
  const { entra, faults, hosts, tenants } = world
  const now = Math.floor(Date.now() / 1000)
  const isForged = faults.take('entra.bad_signature', grant.userId) !== null
  const { hasOwnSigningKey } = world.registration
  const usual = () => (hasOwnSigningKey ? entra.keys.ofApp() : entra.keys.signing())
  const key = await (isForged ? entra.keys.unpublished() : usual())
  const idp = identityProviderOf(account.person, tenants)
  const claims: Claims = {
    aud: grant.clientId,
    iss: issuerOf(hosts.login, account.directory.tenantId),
    iat: now - BACKDATED,
    nbf: now - BACKDATED,
    exp: now + HOUR,
    aio: random(32),
    ...(idp === null ? {} : { idp }),
    ...profileClaims(wanted),
    ...optionalClaims(world, wanted),
    ...groupClaims(account, world.registration),
    ...(account.person.appRoles.length > 0 ? { roles: account.person.appRoles } : {}),
    ...(nonce === null ? {} : { nonce: nonceFor(world, grant, nonce) }),
    rh: `1.${random(20)}.`,
    sub: pairwiseSubject(grant.clientId, account),
    tid: account.directory.tenantId,
    uti: random(16),
    ver: '2.0',
  }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: key.kid })
    .sign(key.privateKey)
  entra.idTokens.set(token, grant.sid)
  return token
}

function nonceFor({ faults }: EntraWorld, { userId }: Grant, nonce: string): string {
  return faults.take('entra.wrong_nonce', userId) === null ? nonce : random(16)
}

/** `oid` and the names are present with the `profile` scope only. */
function profileClaims({ account: { person }, openid }: IdTokenFor): Claims {
  if (!openid.has('profile')) return {}
  return {
    oid: person.id,
    name: person.displayName,
    preferred_username: homeNameOf(person.userPrincipalName) ?? person.userPrincipalName,
  }
}

function optionalClaims(world: EntraWorld, { account, grant, openid }: IdTokenFor): Claims {
  const { person } = account
  const configured = new Set<string>(world.registration.optionalClaims)
  // Guests always have the `email` claim; members have it only when it was requested.
  const isMailNamed = configured.has('email') || openid.has('email') || person.userType === 'Guest'
  const hasMail = person.mail !== null && isMailNamed
  return {
    ...(configured.has('sid') ? { sid: grant.sid } : {}),
    ...(configured.has('login_hint') ? { login_hint: loginHintOf(account) } : {}),
    ...(configured.has('acct') ? { acct: person.userType === 'Guest' ? 1 : 0 } : {}),
    ...(configured.has('auth_time') ? { auth_time: Math.floor(grant.authenticatedAt / 1000) } : {}),
    ...(configured.has('upn') ? { upn: person.userPrincipalName } : {}),
    ...(hasMail ? { email: person.mail } : {}),
    ...(hasMail && configured.has('xms_edov') ? { xms_edov: domainVerdict(world, account) } : {}),
  }
}

/** Documented as a boolean; real tokens also contain numbers and strings. */
function domainVerdict({ faults }: EntraWorld, account: Account): boolean | number | string {
  const verdict = isOwnDomain(account)
  const { id } = account.person
  if (faults.take('entra.xms_edov_number', id) !== null) return Number(verdict)
  if (faults.take('entra.xms_edov_text', id) !== null) return String(Number(verdict))
  return faults.take('entra.xms_edov_word', id) === null ? verdict : String(verdict)
}

function isOwnDomain({ directory, person }: Account): boolean {
  return domainsOf(directory).includes(person.mail?.split('@').at(-1)?.toLowerCase() ?? '')
}

/**
 * Nested groups count, except for groups assigned to the application. Above the limit,
 * `_claim_sources` names the retired Azure AD Graph; a client must never send it a token.
 */
function groupClaims({ directory, person }: Account, registration: Registration): Claims {
  const kind = registration.groupMembershipClaims
  if (kind === 'none') return {}
  const groups: readonly Group[] =
    kind === 'ApplicationGroup'
      ? directory.directGroupsOf(person.id).filter((group) => group.isAssignedToApplication)
      : directory
          .transitiveGroupsOf(person.id)
          .filter((group) => kind === 'All' || group.securityEnabled)
  if (groups.length === 0) return {}
  if (groups.length <= GROUPS_IN_TOKEN) return { groups: groups.map(({ id }) => id) }
  const endpoint = `https://graph.windows.net/${directory.tenantId}/users/${person.id}/getMemberObjects`
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } }
}

/** Derives a different subject per application, so that applications cannot correlate people. */
export function pairwiseSubject(clientId: string, { directory, person }: Account): string {
  return createHash('sha256')
    .update([clientId, directory.tenantId, person.id].join(' '))
    .digest('base64url')
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
