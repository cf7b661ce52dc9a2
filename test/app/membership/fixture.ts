import type { Directory, Group, Person } from '../../sandbox/directory/directory.ts'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox, type HostHandler, type Sandbox } from '../../sandbox/sandbox.ts'
import { hasButton } from '../../support/browser/form.ts'
import type { Browser } from '../../support/browser/browser.ts'
import type { Page } from '../../support/browser/page.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'

/** The group that the rules of these tests require. */
export const WANTED = '0f1b6f0e-2f6c-4f6e-8a77-00000000f001'

export interface MembershipScene {
  readonly entrada: Entrada
  readonly sandbox: Sandbox
  readonly browser: Browser
  /** Settles at the first request to Graph. */
  readonly graphAsked: Promise<void>
}

export interface MembershipSceneOptions {
  readonly settings?: TestSettings
  /** `GroupMember.Read.All`, consented to for everyone. */
  readonly mayReadGroups?: boolean
  readonly sandbox?: Sandbox
  readonly graph?: (sandbox: Sandbox) => HostHandler
}

export function aMembershipScene(options: MembershipSceneOptions = {}): MembershipScene {
  const sandbox = options.sandbox ?? createSandbox({ people: 20, groups: 5 })
  if (options.mayReadGroups !== false) sandbox.entra.grantAdminConsent(['GroupMember.Read.All'])
  const graph = options.graph?.(sandbox) ?? ((request) => sandbox.fetch(request))
  const { promise: graphAsked, resolve } = Promise.withResolvers<void>()
  const announced: HostHandler = (request) => {
    resolve()
    return graph(request)
  }
  const hosts = { [sandbox.hosts.graph]: announced }
  const entrada = anEntrada({ sandbox, hosts, settings: options.settings ?? {} })
  return { entrada, sandbox, browser: entrada.browser(), graphAsked }
}

export function byGroup(
  source: 'id' | 'graph' | 'auto',
  groups: string = WANTED,
): Record<string, string> {
  return {
    OPENID_REQUIRED_ROLE: groups,
    OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'groups',
    OPENID_REQUIRED_ROLE_TOKEN_KIND: source,
  }
}

export function contoso({ tenants }: Sandbox): Directory {
  const [directory] = tenants
  if (directory === undefined) throw new Error('the sandbox has no tenant')
  return directory
}

export function theGroup(sandbox: Sandbox, id: string): Group {
  const group = contoso(sandbox).group(id)
  if (group === null) throw new Error(`no group ${id}`)
  return group
}

export function thePerson(sandbox: Sandbox, id: string): Person {
  const person = contoso(sandbox).person(id)
  if (person === null) throw new Error(`no person ${id}`)
  return person
}

export function putGroup(sandbox: Sandbox, group: Partial<Group> & { readonly id: string }): void {
  contoso(sandbox).putGroup({
    displayName: `Group ${group.id.slice(-4)}`,
    description: null,
    mail: null,
    mailNickname: `group-${group.id.slice(-4)}`,
    securityEnabled: true,
    groupTypes: [],
    visibility: 'Private',
    ownerIds: [],
    memberIds: [],
    isAssignedToApplication: false,
    ...group,
  })
}

/** Removes one member from a group, as an administrator would. */
export function removeMember(sandbox: Sandbox, groupId: string, memberId: string): void {
  const group = theGroup(sandbox, groupId)
  putGroup(sandbox, { ...group, memberIds: group.memberIds.filter((id) => id !== memberId) })
}

/** Puts Adele into this many groups and no others; into the wanted one through two nested groups. */
export function putAdeleInGroups(
  sandbox: Sandbox,
  { count, isMember }: { readonly count: number; readonly isMember: boolean },
): void {
  const { id: adele } = CAST.adele
  for (const group of contoso(sandbox).groups) {
    if (group.memberIds.includes(adele)) removeMember(sandbox, group.id, adele)
  }
  const chain = isMember ? 3 : 0
  const inner = '0f1b6f0e-2f6c-4f6e-8a77-00000000f003'
  const middle = '0f1b6f0e-2f6c-4f6e-8a77-00000000f002'
  putGroup(sandbox, { id: WANTED, memberIds: [middle], displayName: 'Wanted' })
  putGroup(sandbox, { id: middle, memberIds: [inner] })
  putGroup(sandbox, { id: inner, memberIds: isMember ? [adele] : [] })
  for (let index = chain; index < count; index++) {
    const id = `0f1b6f0e-2f6c-4f6e-8a77-0000001${String(index).padStart(5, '0')}`
    putGroup(sandbox, { id, memberIds: [adele] })
  }
  const { length } = contoso(sandbox).transitiveGroupsOf(adele)
  if (length !== count) throw new Error(`Adele is in ${length} groups instead of ${count}`)
}

/** Tries to sign in and returns the last page, which may be an error page. */
export async function trySignIn(browser: Browser, principalName: string): Promise<Page> {
  let page = await browser.open('/')
  for (const button of [
    ['account', principalName],
    ['decision', 'accept'],
  ] as const) {
    if (hasButton(page, button)) page = await browser.submit({ button })
  }
  return page
}

/** The same while Graph responds slowly: the clock advances from the first request on. */
export async function trySignInSlowly(
  scene: MembershipScene,
  principalName: string,
): Promise<Page> {
  const work = trySignIn(scene.browser, principalName)
  await Promise.race([scene.graphAsked, work])
  return clock.runOut(work)
}

export interface SessionAnswer {
  readonly user: {
    readonly id: string
    readonly tenantId: string
    readonly email: string | null
    readonly roles: readonly string[]
    readonly groups: readonly string[]
  }
}

/** `null` when there is no session. */
export async function sessionOf(browser: Browser): Promise<SessionAnswer | null> {
  const response = await browser.fetch('/.entrada/session')
  if (response.status === 401) return null
  if (response.status !== 200) throw new Error(`unexpected status ${response.status}`)
  return response.json<SessionAnswer>()
}

/** The result of a sign-in: the chat, or the code of a refusal. */
export async function verdictOn(scene: MembershipScene, principalName: string): Promise<string> {
  const page = await trySignIn(scene.browser, principalName)
  const refusal = page.headers.get('entrada-error')
  const isIn = (await sessionOf(scene.browser)) !== null
  if (refusal !== null && isIn) throw new Error(`refused with ${refusal}, and yet signed in`)
  return refusal ?? (isIn ? 'admitted' : page.describe())
}

/** Requests to Graph whose path starts as given, below the version. */
export function asked({ sandbox }: MembershipScene, path: string): number {
  return sandbox.journal.to('graph', `/v1.0/${path}`).length
}
