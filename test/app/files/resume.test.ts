import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { readWhole, results, withDownloadHost } from './download-fixture.ts'
import { aFilesScene, bytesOf, contentPathOf, fileOf, sha256, type FilesScene } from './fixture.ts'

const MIB = 1_048_576

function ranges({ entrada }: FilesScene): readonly (string | null)[] {
  return entrada.sandbox.journal.to('download').map(({ headers }) => headers.get('range'))
}

describe('a download that breaks', () => {
  test('at 40 % is completed at a new URL, byte by byte the same', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(response.headers.get('content-length')).toBe(String(8 * MIB))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(ranges(scene)).toEqual([null, `bytes=${Math.floor(8 * MIB * 0.4)}-${8 * MIB - 1}`])
    const addresses = scene.entrada.sandbox.journal.to('download').map(({ url }) => url.href)
    expect(new Set(addresses).size).toBe(2)
    expect(await results(scene)).toEqual(['complete'])
  })

  test('repeatedly is completed as long as it makes progress', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 6 })
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(ranges(scene)).toHaveLength(7)
  })

  test('within a range is completed within the range', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const range = `bytes=${MIB}-${3 * MIB - 1}`
    const response = await scene.browser.fetch(contentPathOf(item), { headers: { range } })
    expect(response.status).toBe(206)
    const whole = await bytesOf(scene, item)
    expect(await readWhole(response)).toBe(sha256(whole.subarray(MIB, 3 * MIB)))
    expect(ranges(scene).at(-1)).toBe(`bytes=${MIB + Math.floor(2 * MIB * 0.4)}-${3 * MIB - 1}`)
  })

  test('is completed by a host that ignores the range', async () => {
    const scene = await aFilesScene()
    const { faults } = scene.entrada.sandbox
    faults.set('files.cut', { times: 1 })
    faults.set('files.range_ignored')
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('ends with an error when the file has changed', async () => {
    const scene = await aFilesScene()
    const recording = fileOf(scene, 'recording')
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const response = await scene.browser.fetch(contentPathOf(recording))
    scene.entrada.sandbox.drives.put({ ...recording, version: recording.version + 1 })
    await expect(readWhole(response)).rejects.toThrow()
    expect(await results(scene)).toEqual(['file_changed'])
  })

  test('ends with an error when the file changes to the same size while the rest is opened', async () => {
    let asked = 0
    const scene: FilesScene = await aFilesScene(
      withDownloadHost((request) => {
        asked += 1
        if (asked === 2) {
          const { drives } = scene.entrada.sandbox
          const recording = fileOf(scene, 'recording')
          drives.put({ ...recording, version: recording.version + 1 })
        }
        return scene.entrada.sandbox.fetch(request)
      }),
    )
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'recording')))
    await expect(readWhole(response)).rejects.toThrow()
    expect(asked).toBe(2)
    expect(await results(scene)).toEqual(['file_changed'])
  })

  test('ends with an error when it cannot be completed', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut')
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'recording')))
    await expect(readWhole(response)).rejects.toThrow()
    expect(await results(scene)).toEqual(['download_failed'])
  })

  test('waits for a short throttle', async () => {
    const scene = await aFilesScene()
    const { faults } = scene.entrada.sandbox
    faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    faults.set('graph.throttled', { times: 1, retryAfterSeconds: 5 })
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('by half a minute of silence is completed', async () => {
    let requests = 0
    const item = { bytes: new Uint8Array() }
    const scene = await aFilesScene(
      withDownloadHost((request) => {
        requests += 1
        const start = Number(/bytes=(\d+)/.exec(request.headers.get('range') ?? '')?.[1] ?? 0)
        const headers: Record<string, string> = {
          'content-length': String(item.bytes.length - start),
        }
        if (start > 0) {
          headers['content-range'] = `bytes ${start}-${item.bytes.length - 1}/${item.bytes.length}`
        }
        const part = item.bytes.slice(start, requests === 1 ? 10_000 : undefined)
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(part)
            if (requests > 1) controller.close()
          },
        })
        return new Response(body, { status: start > 0 ? 206 : 200, headers })
      }),
    )
    const stored = fileOf(scene, 'report')
    item.bytes = new Uint8Array(await bytesOf(scene, stored))
    const response = await scene.browser.fetch(contentPathOf(stored))
    expect(await readWhole(response)).toBe(sha256(item.bytes))
    expect(requests).toBe(2)
  })

  test('after the headers, before any byte, is opened again after half a minute', async () => {
    let requests = 0
    const scene: FilesScene = await aFilesScene(
      withDownloadHost((request) => {
        requests += 1
        if (requests > 1) return scene.entrada.sandbox.fetch(request)
        return new Response(new ReadableStream(), { headers: { 'content-length': '48211' } })
      }),
    )
    const item = fileOf(scene, 'report')
    const response = await clock.runOut(scene.browser.fetch(contentPathOf(item)))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(requests).toBe(2)
  })

  test('during a conversion ends with an error: two conversions can differ', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const path = `${contentPathOf(fileOf(scene, 'report'))}?format=pdf`
    const response = await scene.browser.fetch(path)
    await expect(readWhole(response)).rejects.toThrow()
    expect(ranges(scene)).toEqual([null])
  })

  test('because the receiver has left is cancelled at Microsoft', async () => {
    let cancelled = false
    const scene = await aFilesScene(
      withDownloadHost(() => {
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
          cancel: () => {
            cancelled = true
          },
        })
        return new Response(body, { headers: { 'content-length': String(8 * MIB) } })
      }),
    )
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'recording')))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(await results(scene)).toEqual(['cancelled'])
    expect(cancelled).toBe(true)
  })
})
