import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import type { Account } from './accounts.ts'
import { type ConsentQuestion, renderApprovalPage, renderConsentPage } from './consent-page.ts'
import type { Consenter } from './consent-ledger.ts'
import {
  findPermission,
  GRAPH,
  RESOURCES,
  type Resource,
  SHAREPOINT,
  SIGN_IN_PERMISSIONS,
} from './permissions.ts'
import type { RequestedScopes } from './scopes.ts'
import { answerOf } from './step.ts'

export interface ResourceConsent {
  readonly resource: Resource
  readonly names: readonly string[]
}

export function consenterOf(world: EntraWorld, { directory, person }: Account): Consenter {
  return {
    clientId: world.registration.clientId,
    tenantId: directory.tenantId,
    userId: person.id,
  }
}

/** Matches only the SharePoint hosts of the given tenant. */
export function checkResources(
  world: EntraWorld,
  { directory }: Account,
  scopes: RequestedScopes,
): void {
  const foreign = scopes.resources.find(({ resource }) => resource === SHAREPOINT)
  if (foreign === undefined || directory.tenantId === world.entra.homeTenantId) return
  throw new AadstsError(500011, `Resource: '${foreign.audience}', tenant: '${directory.domain}'.`)
}

/** Every permission a request needs consent for, by resource. */
export function consentsWanted(
  world: EntraWorld,
  account: Account,
  scopes: RequestedScopes,
): readonly ResourceConsent[] {
  const wanted = new Map<Resource, Set<string>>()
  const want = (resource: Resource, names: Iterable<string>) => {
    wanted.set(resource, new Set([...(wanted.get(resource) ?? []), ...names]))
  }
  if (scopes.openid.size > 0) want(GRAPH, scopes.openid)
  for (const { resource, names, isDefault } of scopes.resources) {
    const unknown = names.find((name) => findPermission(resource, name) === null)
    if (unknown !== undefined) {
      throw new AadstsError(650053, `Permission: '${unknown}', resource: '${resource.name}'.`)
    }
    want(resource, names)
    if (
      isDefault &&
      world.entra.consents.granted(consenterOf(world, account), resource).length === 0
    ) {
      // Nothing is consented yet: `.default` asks for the whole registration, every resource of it.
      for (const each of RESOURCES) want(each, registeredPermissions(each))
    }
  }
  return [...wanted].map(([resource, names]) => ({ resource, names: [...names] }))
}

function registeredPermissions(resource: Resource): readonly string[] {
  return resource.permissions.filter(({ isRegistered }) => isRegistered).map(({ name }) => name)
}

/** The wanted permissions that nobody has consented to. */
export function consentsMissing(
  world: EntraWorld,
  account: Account,
  wanted: readonly ResourceConsent[],
): readonly ResourceConsent[] {
  return wanted.flatMap(({ resource, names }) => {
    const granted = world.entra.consents.granted(consenterOf(world, account), resource)
    const missing = names.filter((name) => !granted.includes(name))
    return missing.length === 0 ? [] : [{ resource, names: missing }]
  })
}

/** Shows the consent page or processes its answer. Returns `null` once consent is given. */
export async function askConsent(
  world: EntraWorld,
  question: ConsentQuestion,
): Promise<Response | null> {
  const { signedIn, asked, step, isForOrganization } = question
  const decision = answerOf(step, 'decision')
  const isAdministratorNeeded = isForOrganization || needsAdministrator(world, asked)
  if (isAdministratorNeeded && !signedIn.account.person.isAdministrator) {
    if (decision === null) return renderApprovalPage(world, question)
    throw new AadstsError(90094)
  }
  if (decision === null) return renderConsentPage(world, question)
  if (decision !== 'accept') throw new AadstsError(65004)
  const isForEveryone =
    isForOrganization || answerOf(step, 'consent_on_behalf_of_organization') !== null
  grantConsent(world, signedIn.account, asked, isForEveryone)
  return null
}

function needsAdministrator(world: EntraWorld, asked: readonly ResourceConsent[]): boolean {
  const { administratorPermissions } = world.entra
  return asked.some(({ names }) => names.some((name) => administratorPermissions.has(name)))
}

function grantConsent(
  world: EntraWorld,
  account: Account,
  asked: readonly ResourceConsent[],
  isForEveryone: boolean,
): void {
  const { consents } = world.entra
  const consenter = consenterOf(world, account)
  const signInConsent = { resource: GRAPH, names: SIGN_IN_PERMISSIONS }
  for (const { resource, names } of [...asked, signInConsent]) {
    if (isForEveryone && account.person.isAdministrator) {
      consents.grantForEveryone(consenter, resource, names)
    } else {
      consents.grant(consenter, resource, names)
    }
  }
}
