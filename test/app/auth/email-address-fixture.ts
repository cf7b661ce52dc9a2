import { decodeJwt } from 'jose'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Directory, Person } from '../../sandbox/directory/directory.ts'
import type { FaultName } from '../../sandbox/faults.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { aGuardedChat, type ChatDouble } from '../../support/chat-double.ts'
import type { Entrada, EntradaOptions, TestSettings } from '../../support/entrada.ts'
import { ScriptedIssuer, type Script } from '../../support/scripted-issuer.ts'
import { trySignIn } from '../membership/fixture.ts'
import {
  REDIRECT_URI,
  CLIENT_ID,
  CLIENT_SECRET,
  codeFor,
  ISSUER,
  OTHER,
  redeem,
} from '../provider/fixture.ts'
import { CLIENT, ISSUER as OTHER_ISSUER } from '../edge/scripted-entrada-fixture.ts'

export interface EmailScene {
  readonly entrada: Entrada
  readonly chat: ChatDouble
}

/** The identity of one signed-in user at every place that states it. */
export interface Told {
  readonly session: string | null
  readonly header: string | null
  readonly assertion: unknown
  readonly idToken: unknown
  readonly userInfo: unknown
}

export const everywhere = (email: string): Told => ({
  session: email,
  header: email,
  assertion: email,
  idToken: email,
  userInfo: email,
})
export const NOWHERE: Told = {
  session: null,
  header: null,
  assertion: undefined,
  idToken: undefined,
  userInfo: undefined,
}

/** A chat that reads identity headers and assertions and is a client of the OpenID provider. */
export function aToldChat(
  settings: TestSettings = {},
  {
    client = {},
    other = {},
    ...options
  }: EntradaOptions & { readonly client?: object; readonly other?: object } = {},
): EmailScene {
  const known = {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
  }
  return aGuardedChat({
    ...options,
    settings: {
      OIDC_CLIENTS: JSON.stringify([
        { ...known, ...client },
        { ...known, ...OTHER, ...other },
      ]),
      ...settings,
    },
  })
}

/** The same behind an issuer that is not Entra and departs from its rules as scripted. */
export function behindOtherIssuer(script: Script, settings: TestSettings = {}): EmailScene {
  const issuer = new ScriptedIssuer({ issuer: OTHER_ISSUER, ...CLIENT })
  issuer.script = script
  return aToldChat(
    {
      OPENID_ISSUER: OTHER_ISSUER,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      ENABLE_SHAREPOINT_FILEPICKER: null,
      ...settings,
    },
    { hosts: { [issuer.origin]: issuer.handle } },
  )
}

type Claims = Readonly<Record<string, unknown>>

/** The claims of the provider's id token and of its UserInfo endpoint. */
export async function providerClaims(
  { entrada }: EmailScene,
  browser: Browser,
  asked: Readonly<Record<string, string>> = {},
): Promise<{ readonly idToken: Claims; readonly userInfo: Claims }> {
  const answer = await redeem({ entrada }, { code: await codeFor(browser, asked) })
  const tokens = await answer.json<{ access_token: string; id_token: string }>()
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const userInfo = await entrada.fetch(`${ISSUER}/userinfo`, { headers })
  return { idToken: decodeJwt(tokens.id_token), userInfo: await userInfo.json<Claims>() }
}

/** Reads the address at every place. */
export async function told(scene: EmailScene, browser: Browser): Promise<Told> {
  const { user } = await (
    await browser.fetch('/.entrada/session')
  ).json<{ user: { email: string | null } }>()
  await browser.fetch('/api')
  const { headers } = scene.chat.last
  const { idToken, userInfo } = await providerClaims(scene, browser)
  return {
    session: user.email,
    header: headers.get('x-forwarded-email'),
    assertion: decodeJwt(headers.get('entrada-assertion') ?? '')['email'],
    idToken: idToken['email'],
    userInfo: userInfo['email'],
  }
}

/** Signs a user in and reads the identity at every place. */
export async function toldOf(scene: EmailScene, who: keyof typeof CAST = 'adele'): Promise<Told> {
  const browser = scene.entrada.browser()
  const page = await trySignIn(browser, CAST[who].userPrincipalName)
  if (page.status !== 200) throw new Error(page.describe())
  return told(scene, browser)
}

export function put(sandbox: Sandbox, who: keyof typeof CAST, changes: Partial<Person>): void {
  const of = ({ tenants }: Sandbox): readonly [Directory, Person] => {
    for (const directory of tenants) {
      const person = directory.person(CAST[who].id)
      if (person !== null) return [directory, person]
    }
    throw new Error(`no ${who}`)
  }
  const [directory, person] = of(sandbox)
  directory.putPerson({ ...person, ...changes })
}

/** Values of `xms_edov`: the documented ones and those seen in real tokens. */
export const SPELLINGS: readonly (FaultName | null)[] = [
  null,
  'entra.xms_edov_number',
  'entra.xms_edov_text',
  'entra.xms_edov_word',
]
