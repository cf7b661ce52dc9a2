import { describe, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { withDownloadHost } from './download-fixture.ts'
import { aFilesScene, contentPathOf, fileOf } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('a refusal of the download host', () => {
  test.each([
    [404, 'file_not_found', 404],
    [410, 'file_not_found', 404],
    [412, 'file_changed', 409],
    [423, 'file_locked', 423],
    [429, 'graph_throttled', 429],
    [500, 'download_failed', 502],
    [503, 'graph_throttled', 429],
    [418, 'download_failed', 502],
  ])('with %i becomes %s', async (status, code, answered) => {
    const scene = await aFilesScene(
      withDownloadHost(() => new Response('<html>secret words</html>', { status })),
    )
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.status).toBe(answered)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ code })
    expect(JSON.stringify(problem)).not.toContain('secret words')
  })

  test('with one 500 causes one retry', async () => {
    let asked = 0
    const scene = await aFilesScene(
      withDownloadHost(() => {
        asked += 1
        return asked === 1
          ? new Response(null, { status: 500 })
          : new Response('fine', { headers: { 'content-length': '4' } })
      }),
    )
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'text')))
    expect(await response.text()).toBe('fine')
  })

  test('to respond at all becomes download_failed', async () => {
    const scene = await aFilesScene()
    scene.entrada.internet.disconnect(MICROSOFT_HOSTS.download)
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.status).toBe(502)
    expect(await problemOf(response)).toMatchObject({ code: 'download_failed' })
  })

  test('by endless redirects ends after one further redirect', async () => {
    let asked = 0
    const scene = await aFilesScene(
      withDownloadHost((request) => {
        asked += 1
        return new Response(null, { status: 302, headers: { location: `${request.url}&hop` } })
      }),
    )
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(await problemOf(response)).toMatchObject({ code: 'download_host_refused' })
    expect(asked).toBe(2)
  })
})
