import { describe, expect, test } from 'vitest'
import { aFilesScene, bodySha256, bytesOf, contentPathOf, fileOf, sha256 } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('ranges and conditions', () => {
  test.each([
    ['bytes=0-9', 'bytes 0-9/48211', 0, 10],
    ['bytes=40000-', 'bytes 40000-48210/48211', 40_000, 48_211],
    ['bytes=-11', 'bytes 48200-48210/48211', 48_200, 48_211],
    ['bytes=100-999999', 'bytes 100-48210/48211', 100, 48_211],
    ['BYTES=0-0', 'bytes 0-0/48211', 0, 1],
  ])('serves %s', async (range, contentRange, start, end) => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item), { headers: { range } })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(response.headers.get('content-length')).toBe(String(end - start))
    const all = await bytesOf(scene, item)
    expect(await bodySha256(response)).toBe(sha256(all.subarray(start, end)))
  })

  test('sends the range to the download host and not to Graph', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
      headers: { range: 'bytes=1-2' },
    })
    await response.body?.cancel()
    const { journal } = scene.entrada.sandbox
    for (const { headers } of journal.to('graph')) expect(headers.get('range')).toBeNull()
    expect(journal.to('download').map(({ headers }) => headers.get('range'))).toEqual(['bytes=1-2'])
  })

  test.each(['bytes=5-2', 'bytes=a-b', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes'])(
    'serves the whole file for the invalid range %s',
    async (range) => {
      const scene = await aFilesScene()
      const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
        headers: { range },
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('48211')
      await response.body?.cancel()
    },
  )

  test('refuses a range past the end with the size', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
      headers: { range: 'bytes=50000-' },
    })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */48211')
    expect(await problemOf(response)).toMatchObject({ code: 'range_not_satisfiable' })
  })

  test('serves the whole file when the download host ignores the range [requirement 92]', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.range_ignored')
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item), {
      headers: { range: 'bytes=100-199' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-range')).toBeNull()
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('answers 304 for a known version', async () => {
    const scene = await aFilesScene()
    const path = contentPathOf(fileOf(scene, 'report'))
    const first = await scene.browser.fetch(path)
    await first.body?.cancel()
    const etag = first.headers.get('etag') ?? ''
    scene.entrada.sandbox.journal.clear()
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await scene.browser.fetch(path, { headers: { 'if-none-match': condition } })
      expect(again.status).toBe(304)
      expect(again.headers.get('etag')).toBe(etag)
      expect(await again.text()).toBe('')
    }
    expect(scene.entrada.sandbox.journal.to('download')).toEqual([])
  })

  test('sends a changed version', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const first = await scene.browser.fetch(contentPathOf(item))
    await first.body?.cancel()
    scene.entrada.sandbox.drives.put({ ...item, version: item.version + 1 })
    const again = await scene.browser.fetch(contentPathOf(item), {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(200)
    await again.body?.cancel()
  })

  test('sends the whole file when If-Range names another version', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const first = await scene.browser.fetch(contentPathOf(item))
    await first.body?.cancel()
    const etag = first.headers.get('etag') ?? ''
    const ask = async () => {
      const headers = { range: 'bytes=0-9', 'if-range': etag }
      const response = await scene.browser.fetch(contentPathOf(item), { headers })
      await response.body?.cancel()
      return response.status
    }
    expect(await ask()).toBe(206)
    scene.entrada.sandbox.drives.put({ ...item, version: item.version + 1 })
    expect(await ask()).toBe(200)
  })
})
