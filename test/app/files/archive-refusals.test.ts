import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { addressOf, archiveOf } from './archive-fixture.ts'
import { aFilesScene, fileOf } from './fixture.ts'
import { cookieHeaderOf, problemOf } from '../../support/scene.ts'

describe('a request for an archive', () => {
  test.each([
    ['nothing', {}],
    ['no items', { items: [] }],
    ['items of the wrong shape', { items: [{ drive: 'x' }] }],
    ['text', 'items'],
    ['a list', []],
  ])('is refused with %s', async (_, body) => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch('/.entrada/files/archive', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
  })

  test('is refused for more files than allowed', async () => {
    const scene = await aFilesScene({ settings: { SHAREPOINT_MAX_FILES: '2' } })
    const items = (['text', 'pdf', 'image'] as const).map((name) => fileOf(scene, name))
    const response = await archiveOf(scene, items)
    expect(response.status).toBe(413)
    expect(await problemOf(response)).toMatchObject({ code: 'too_many_files' })
  })

  test('is refused without consent, before any file is opened', async () => {
    const scene = await aFilesScene()
    const { entra, hosts } = scene.entrada.sandbox
    entra.revokeAdminConsent(hosts.graph, ['Files.Read.All', 'Sites.Read.All'])
    const other = scene.entrada.browser('203.0.113.9')
    await other.signIn(CAST.adele.userPrincipalName)
    const response = await archiveOf({ ...scene, browser: other }, [fileOf(scene, 'text')])
    expect(response.status).toBe(403)
    expect(await problemOf(response)).toMatchObject({ code: 'consent_required' })
  })

  test('is refused from another site [requirement 73]', async () => {
    const scene = await aFilesScene()
    const items = JSON.stringify([addressOf(fileOf(scene, 'text'))])
    const page = await scene.browser.post(
      '/.entrada/files/archive',
      { items },
      'https://evil.example/',
    )
    expect(page.status).toBe(401)
    const cookie = cookieHeaderOf(scene.browser)
    for (const headers of [
      { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { cookie, 'sec-fetch-site': 'same-site', origin: 'https://other.contoso.example' },
      { cookie },
    ]) {
      const response = await scene.entrada.fetch('/.entrada/files/archive', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ items }).toString(),
      })
      expect(response.status).toBe(403)
      expect(await problemOf(response)).toMatchObject({ code: 'cross_site_refused' })
    }
    expect(scene.entrada.sandbox.journal.to('download')).toEqual([])
  })
})
