import { expect, test } from 'vitest'
import { USER_AGENT, VERSION } from '../../../src/version.ts'
import { anEntrada } from '../../support/entrada.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { aFilesScene, contentPathOf, fileOf } from '../files/fixture.ts'

test('is the version of package.json', () => {
  expect(VERSION).toBe(manifest.version)
})

test('is shown by the health endpoint', async () => {
  const response = await anEntrada().fetch('/.entrada/health')
  expect(await response.json()).toEqual({ status: 'ok', version: VERSION })
})

test('every request to Microsoft names Entrada and its version', async () => {
  const scene = await aFilesScene()
  const { entra, journal } = scene.entrada.sandbox
  entra.grantAdminConsent(['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'])
  const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
  await response.body?.cancel()
  await (await scene.browser.fetch('/.entrada/people?q=al')).body?.cancel()
  const own = journal.all.filter(
    ({ headers }) => !headers.get('user-agent')?.startsWith('Mozilla/'),
  )
  const asked = own.map(({ host, url }) => `${host} ${url.pathname.split('/').at(-1)}`)
  expect(asked).toEqual(
    expect.arrayContaining([
      'login openid-configuration',
      'login keys',
      'login token',
      'graph $batch',
      expect.stringMatching(/^graph content/),
      expect.stringMatching(/^download /),
    ]),
  )
  expect(own.map(({ headers }) => headers.get('user-agent'))).toEqual(own.map(() => USER_AGENT))
})
