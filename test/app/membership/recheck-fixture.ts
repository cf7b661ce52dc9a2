import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import {
  aMembershipScene,
  contoso,
  removeMember,
  sessionOf,
  thePerson,
  type MembershipScene,
  type MembershipSceneOptions,
} from './fixture.ts'

/** Defaults of `MEMBERSHIP_CHECK_SECONDS` and `MEMBERSHIP_GRACE_SECONDS`. */
export const CHECK = 3600
export const GRACE = 900

export async function aMember(
  options: MembershipSceneOptions = {},
  who: keyof typeof CAST = 'adele',
): Promise<MembershipScene> {
  const scene = aMembershipScene(options)
  await scene.browser.signIn(CAST[who].userPrincipalName)
  return scene
}

/** Requests an endpoint that needs a session and no token, so that only membership causes requests to Microsoft. */
export async function isIn({ browser }: MembershipScene): Promise<boolean> {
  const { status } = await browser.fetch('/.entrada/sessions')
  if (status !== 200 && status !== 401) throw new Error(`unexpected status ${status}`)
  return status === 200
}

export async function isInAfter(scene: MembershipScene, seconds: number): Promise<boolean> {
  await clock.advance(seconds)
  return clock.runOut(isIn(scene), 60)
}

export async function sessionAfter(scene: MembershipScene, seconds: number) {
  await clock.advance(seconds)
  return sessionOf(scene.browser)
}

export function setAppRoles(
  { sandbox }: MembershipScene,
  who: keyof typeof CAST,
  appRoles: string[],
): void {
  contoso(sandbox).putPerson({ ...thePerson(sandbox, CAST[who].id), appRoles })
}

export function leaveSales({ sandbox }: MembershipScene): void {
  removeMember(sandbox, CAST_GROUPS.chatUsers, CAST.adele.id)
}
