import { describe, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { clock } from '../../support/clock.ts'
import { refusal } from './download-fixture.ts'
import {
  aFilesScene,
  bodySha256,
  bytesOf,
  contentPathOf,
  fileOf,
  sha256,
  type FilesScene,
} from './fixture.ts'

/* Downloads that succeed after a pause or a second request. */

describe('retries and pauses', () => {
  test('pass Microsoft’s Retry-After on, and send no request during the pause [requirement 87]', async () => {
    const scene = await aFilesScene()
    const { faults, journal } = scene.entrada.sandbox
    faults.set('graph.throttled', { retryAfterSeconds: 17 })
    const first = await refusal(scene)
    expect(Number(first.response.headers.get('retry-after'))).toBeGreaterThanOrEqual(17)
    faults.clear()
    journal.clear()
    for (const seconds of [0, 15]) {
      await clock.advance(seconds)
      const { problem } = await refusal(scene)
      expect(problem).toMatchObject({ code: 'graph_throttled' })
      expect(journal.to('graph')).toEqual([])
    }
    await clock.advance(10)
    const third = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(third.status).toBe(200)
    await third.body?.cancel()
  })

  test('apply the download host’s Retry-After to all users of the tenant', async () => {
    let asked = 0
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.download]: (request) => {
          asked += 1
          if (asked > 1) return scene.entrada.sandbox.fetch(request)
          return new Response(null, { status: 429, headers: { 'retry-after': '17' } })
        },
      },
    })
    const first = await refusal(scene)
    expect(first.problem).toMatchObject({ code: 'graph_throttled' })
    expect(Number(first.response.headers.get('retry-after'))).toBeGreaterThanOrEqual(17)
    scene.entrada.sandbox.journal.clear()
    const second = await refusal(scene, 'text')
    expect(second.problem).toMatchObject({ code: 'graph_throttled' })
    expect(scene.entrada.sandbox.journal.all).toEqual([])
    await clock.advance(25)
    const item = fileOf(scene, 'text')
    const third = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(third)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('renew a refused token once', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('graph.token_rejected', { times: 1 })
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('replace an expired download URL once', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.url_expired', { times: 1 })
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(scene.entrada.sandbox.drives.downloads.issued).toHaveLength(2)
  })
})
