import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada } from '../../support/entrada.ts'
import { ScriptedIssuer } from '../../support/scripted-issuer.ts'
import type { Claims } from '../../support/scripted-tokens.ts'
import { CLIENT, ISSUER, withClaims } from '../edge/scripted-entrada-fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* How an operator names the user, and the response where no session was ended. */

async function end(browser: Browser, user: string): Promise<readonly unknown[]> {
  const response = await browser.fetch(`/.entrada/admin/users/${user}/end`, { method: 'POST' })
  const { ended, code } = await response.json<{ ended?: number; code?: string }>()
  return [response.status, ended ?? code]
}

const NOTHING = [404, 'not_found']

describe('an operator of an Entra tenant', () => {
  const settings = { OPENID_ADMIN_ROLE: 'Entrada.Admin' }

  test('gets 404 when there was no session to end [requirement 34]', async () => {
    const entrada = anEntrada({ settings })
    const alex = await signedIn(entrada, 'alex')
    expect(await end(alex, `${CONTOSO}:${CAST.megan.id}`)).toEqual(NOTHING)
    expect(entrada.logs.events('sessions_ended_by_operator')).toMatchObject([{ count: 0 }])
    await signedIn(entrada, 'megan')
    expect(await end(alex, `${CONTOSO}:${CAST.megan.id}`)).toEqual([200, 1])
    expect(await end(alex, `${CONTOSO}:${CAST.megan.id}`)).toEqual(NOTHING)
  })

  test('can write the ids in any case and percent-encoded', async () => {
    const entrada = anEntrada({ settings })
    const alex = await signedIn(entrada, 'alex')
    await signedIn(entrada, 'megan')
    const user = `${CONTOSO.toUpperCase()}:${CAST.megan.id.toUpperCase()}`
    expect(await end(alex, user.replaceAll('-', '%2D'))).toEqual([200, 1])
  })

  test.each(['', 'nobody', ':', `${CONTOSO}:`, `:${CAST.megan.id}`, '%E0%A4%A:x'])(
    'ends no session with the name %j',
    async (user) => {
      const alex = await signedIn(anEntrada({ settings }), 'alex')
      expect(await end(alex, user)).toEqual(NOTHING)
    },
  )
})

describe('an operator of an issuer that is not Entra', () => {
  function scene() {
    const issuer = new ScriptedIssuer({ issuer: ISSUER, ...CLIENT })
    const entrada = anEntrada({
      settings: {
        OPENID_ISSUER: ISSUER,
        OPENID_CLIENT_ID: CLIENT.clientId,
        OPENID_CLIENT_SECRET: CLIENT.clientSecret,
        OPENID_ADMIN_ROLE: 'operator',
        ENABLE_SHAREPOINT_FILEPICKER: null,
      },
      hosts: { [issuer.origin]: issuer.handle },
    })
    const signIn = async (claims: Claims): Promise<Browser> => {
      issuer.script = { idToken: withClaims(claims), userInfo: withClaims(claims) }
      const browser = entrada.browser()
      await browser.open('/')
      return browser
    }
    return { signIn }
  }

  test.each(['person-2', 'auth0|5f:7c/9 d%41', 'ünïcode'])(
    'ends the sessions of %j, with issuer and subject percent-encoded [requirement 34]',
    async (sub) => {
      const { signIn } = scene()
      const operator = await signIn({ roles: ['operator'] })
      const person = await signIn({ sub })
      const user = `${encodeURIComponent(ISSUER)}:${encodeURIComponent(sub)}`
      expect(await end(operator, user)).toEqual([200, 1])
      expect((await person.fetch('/.entrada/session')).status).toBe(401)
      expect(await end(operator, user)).toEqual(NOTHING)
    },
  )

  test('is refused for another issuer', async () => {
    const operator = await scene().signIn({ roles: ['operator'] })
    const user = `${encodeURIComponent(`${ISSUER}/`)}:person-1`
    expect(await end(operator, user)).toEqual([403, 'operator_required'])
  })
})
