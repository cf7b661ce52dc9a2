import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aFilesScene, contentPathOf, fileOf, pathOf } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('consent and settings for files', () => {
  test('names the consent page without consent, and does not ask Graph', async () => {
    const scene = await aFilesScene()
    const { entra, hosts, journal } = scene.entrada.sandbox
    entra.revokeAdminConsent(hosts.graph, ['Files.Read.All', 'Sites.Read.All'])
    const other = scene.entrada.browser('203.0.113.9')
    await other.signIn(CAST.adele.userPrincipalName)
    journal.clear()
    const response = await other.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.status).toBe(403)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ code: 'consent_required' })
    expect(String(problem['consentUrl'])).toContain('/.entrada/consent?feature=files')
    expect(journal.to('graph', '/v1.0/drives')).toEqual([])
  })

  test.each([{}, { OPENID_REUSE_TOKENS: 'false' }])(
    'is off with ENABLE_SHAREPOINT_FILEPICKER=false beside %o',
    async (beside) => {
      const settings = { ENABLE_SHAREPOINT_FILEPICKER: 'false', ...beside }
      const scene = await aFilesScene({ settings })
      for (const path of [
        pathOf(fileOf(scene, 'report')),
        contentPathOf(fileOf(scene, 'report')),
        '/.entrada/picker?channel=channel-1',
      ]) {
        const response = await scene.browser.fetch(path)
        expect(response.status).toBe(404)
        expect(await problemOf(response)).toMatchObject({ code: 'feature_off' })
      }
    },
  )

  test('reports in the session whether files are on', async () => {
    const scene = await aFilesScene()
    const session = await scene.browser.fetch('/.entrada/session')
    expect(await session.json()).toMatchObject({ features: { files: 'on' } })
  })

  test('limits downloads per user [requirement 95]', async () => {
    const scene = await aFilesScene({
      settings: { RATE_LIMITS: '{"download":{"perMinute":3}}' },
    })
    const path = pathOf(fileOf(scene, 'text'))
    for (let count = 0; count < 3; count++) {
      expect((await scene.browser.fetch(path)).status).toBe(200)
    }
    const response = await scene.browser.fetch(path)
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await problemOf(response)).toMatchObject({ code: 'rate_limited' })
  })
})
