import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { aFilesScene } from './fixture.ts'
import { askForToken, EVERYWHERE, openPage } from './picker-fixture.ts'

describe('in a multi-geo tenant', () => {
  test('the picker starts on the host of the person’s own OneDrive', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const { config, directives } = await openPage(scene)
    expect(config).toMatchObject({
      launchUrl: 'https://contosoeur-my.sharepoint.com/_layouts/15/FilePicker.aspx',
      options: { entry: { oneDrive: { files: {} } } },
    })
    expect(directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('form-action')?.toSorted()).toEqual(EVERYWHERE)
    const sites = await openPage(scene, '&start=sites')
    expect(sites.config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
    })
  })

  test.each([
    ['adele', EVERYWHERE.slice(0, 2)],
    ['megan', EVERYWHERE.slice(2)],
  ] as const)(
    'without permission to list sites, hosts and tokens are those of %s’s own region',
    async (who, hosts) => {
      const scene = await aFilesScene({ who })
      scene.entrada.sandbox.entra.revokeAdminConsent(MICROSOFT_HOSTS.graph, ['Sites.Read.All'])
      const browser = scene.entrada.browser('203.0.113.9')
      await browser.signIn(CAST[who].userPrincipalName)
      const { directives } = await openPage({ ...scene, browser })
      expect(directives.get('frame-src')?.toSorted()).toEqual(hosts)
      const statuses: number[] = []
      for (const resource of EVERYWHERE) {
        statuses.push((await askForToken({ ...scene, browser }, { resource })).status)
      }
      expect(statuses).toEqual(EVERYWHERE.map((host) => (hosts.includes(host) ? 200 : 403)))
    },
  )

  test('each host gets its own token, valid for no other [requirement 90]', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const { accessTokens, journal } = scene.entrada.sandbox
    const tokens = new Set<unknown>()
    for (const resource of EVERYWHERE) {
      const { status, body } = await askForToken(scene, { resource })
      expect(status, resource).toBe(200)
      expect(accessTokens.find(String(body['token']))).toMatchObject({
        audience: resource,
        userId: CAST.megan.id,
      })
      const [redemption] = journal.redemptions('refresh_token').slice(-1)
      expect(redemption?.form.get('scope')?.split(' ')[0]).toBe(`${resource}/.default`)
      tokens.add(body['token'])
    }
    expect(tokens.size).toBe(EVERYWHERE.length)
  })

  test('a host in capitals is the same host', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const capitals = await askForToken(scene, { resource: 'https://contosoEUR-my.sharepoint.com' })
    const plain = await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDriveEurope })
    expect([capitals.status, capitals.body]).toEqual([200, plain.body])
  })
})
