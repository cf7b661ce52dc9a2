import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { type Account, findAccount, homeNameOf, readLoginHint } from './accounts.ts'
import type { Authority } from './authority.ts'
import type { ClaimsRequest } from './claims-request.ts'
import { renderSignInPage } from './sign-in-page.ts'
import type { SignIn } from './sign-ins.ts'
import { answerOf, requestOf, type Step } from './step.ts'

export interface SignInDemand {
  readonly authority: Authority
  readonly prompt: string | null
  readonly loginHint: string | null
  readonly claims: ClaimsRequest
}

export interface SignedIn {
  readonly signIn: SignIn
  readonly account: Account
}

/** The sign-in to continue with, or the page that asks who is signing in. */
export async function signInOrAsk(
  world: EntraWorld,
  demand: SignInDemand,
  step: Step,
): Promise<SignedIn | Response> {
  const { signIns } = world.entra
  const ongoing = resolve(world, signIns.find(answerOf(step, 'sign_in') ?? ''))
  if (ongoing !== null) return ongoing
  const name = answerOf(step, 'account')
  if (name !== null) {
    const account = findAccount(name.trim(), demand.authority, world.tenants)
    checkAdmission(world, account)
    // Submitting the page simulates password, second factor and every other demand.
    return { account, signIn: signIns.start(step.browser.id, account, demand.claims.demands) }
  }
  const known = signIns
    .of(step.browser.id)
    .flatMap((candidate) => resolve(world, candidate) ?? [])
    .filter(({ account }) => isAt(account, demand.authority))
  const fitting = known.filter(({ account }) => isHinted(account, demand.loginHint))
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0 && isSilent(demand, only)) {
    checkAdmission(world, only.account)
    return only
  }
  if (demand.prompt === 'none') throw refuseSilence(demand, fitting.length)
  return renderSignInPage(world, {
    authority: demand.authority,
    action: new URL(step.request.url).pathname,
    parameters: requestOf(step),
    signedIn: known.map(({ account }) => account),
    hinted: findHinted(world, demand),
  })
}

function isSilent({ prompt, claims }: SignInDemand, { signIn }: SignedIn): boolean {
  if (prompt === 'login' || prompt === 'select_account') return false
  return claims.demands.every((demand) => signIn.met.has(demand))
}

function refuseSilence({ claims }: SignInDemand, candidates: number): AadstsError {
  if (candidates === 0) return new AadstsError(50058)
  return candidates > 1 ? new AadstsError(16000) : new AadstsError(50076, '', claims.challenge)
}

function resolve(world: EntraWorld, signIn: SignIn | null): SignedIn | null {
  const directory = world.tenants.find(({ tenantId }) => tenantId === signIn?.tenantId)
  const person = directory?.person(signIn?.userId ?? '')
  if (signIn === null || directory === undefined || person == null) return null
  return { signIn, account: { directory, person } }
}

function isAt({ directory, person }: Account, authority: Authority): boolean {
  return authority.kind === 'tenant'
    ? authority.directory === directory
    : person.userType === 'Member'
}

function isHinted({ directory, person }: Account, hint: string | null): boolean {
  if (hint === null) return true
  const opaque = readLoginHint(hint)
  if (opaque !== null) return opaque.userId === person.id && opaque.tenantId === directory.tenantId
  const names = [person.userPrincipalName, homeNameOf(person.userPrincipalName)]
  return names.some((name) => name?.toLowerCase() === hint.toLowerCase())
}

function findHinted(world: EntraWorld, { loginHint }: SignInDemand): Account | null {
  if (loginHint === null) return null
  for (const directory of world.tenants) {
    const person = directory.people.find((each) => isHinted({ directory, person: each }, loginHint))
    if (person !== undefined) return { directory, person }
  }
  return null
}

/**
 * Checks at sign-in and at every refresh that the account is enabled and may use the application.
 */
export function checkAdmission(world: EntraWorld, { directory, person }: Account): void {
  if (!person.accountEnabled || world.faults.take('entra.user_disabled', person.id) !== null) {
    throw new AadstsError(50057)
  }
  if (!world.registration.assignmentRequired || person.appRoles.length > 0) return
  // Assignment through a group covers its direct members only.
  const groups = directory.directGroupsOf(person.id)
  if (!groups.some(({ isAssignedToApplication }) => isAssignedToApplication)) {
    throw new AadstsError(50105, `User: '${person.userPrincipalName}'.`)
  }
}
