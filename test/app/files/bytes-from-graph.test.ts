import { describe, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { problemOf } from '../../support/scene.ts'
import { clock } from '../../support/clock.ts'
import { addressOf, archiveOf } from './archive-fixture.ts'
import { anAttachScene, attach, eventsOf, fileEvents } from './attach-fixture.ts'
import { readWhole, refusal, results } from './download-fixture.ts'
import {
  aFilesScene,
  bodySha256,
  bytesOf,
  contentPathOf,
  fileOf,
  sha256,
  type FilesScene,
} from './fixture.ts'

const MIB = 1_048_576

/** A scene in which Graph sends the bytes itself, as its beta documentation announces. */
async function aDirectScene(): Promise<FilesScene> {
  const scene = await aFilesScene()
  scene.entrada.sandbox.faults.set('files.bytes_from_graph')
  return scene
}

/** A scene in which the test itself answers `/content` at Graph. */
async function answeringContent(
  answer: (request: Request) => Response | Promise<Response>,
): Promise<FilesScene> {
  const scene: FilesScene = await aFilesScene({
    hosts: {
      [MICROSOFT_HOSTS.graph]: (request) =>
        new URL(request.url).pathname.endsWith('/content')
          ? answer(request)
          : scene.entrada.sandbox.fetch(request),
    },
  })
  return scene
}

function contentRequests({ entrada }: FilesScene) {
  return entrada.sandbox.journal.to('graph').filter(({ url }) => url.pathname.endsWith('/content'))
}

function ranges(scene: FilesScene): readonly (string | null)[] {
  return contentRequests(scene).map(({ headers }) => headers.get('range'))
}

describe('when Graph sends the bytes itself instead of a redirect', () => {
  test('downloads the whole file from Graph', async () => {
    const scene = await aDirectScene()
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('48211')
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(scene.entrada.sandbox.journal.to('download')).toEqual([])
    const [request, ...more] = contentRequests(scene)
    expect(more).toEqual([])
    expect(request?.headers.get('accept-encoding')).toBe('identity')
    expect(await results(scene)).toEqual(['complete'])
  })

  test('passes none of Graph’s headers on [requirement 91]', async () => {
    const scene = await aDirectScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'page')))
    await response.body?.cancel()
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    for (const name of ['set-cookie', 'request-id', 'sprequestguid', 'refresh', 'link']) {
      expect(response.headers.get(name), name).toBeNull()
    }
  })

  test.each([
    ['bytes=0-9', 'bytes 0-9/48211', 0, 10],
    ['bytes=40000-', 'bytes 40000-48210/48211', 40_000, 48_211],
    ['bytes=-11', 'bytes 48200-48210/48211', 48_200, 48_211],
  ])('serves the range %s', async (range, contentRange, start, end) => {
    const scene = await aDirectScene()
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item), { headers: { range } })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(contentRange)
    const all = await bytesOf(scene, item)
    expect(await bodySha256(response)).toBe(sha256(all.subarray(start, end)))
  })

  test('asks Graph for a part only after Graph has sent bytes', async () => {
    const scene = await aDirectScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
      headers: { range: 'bytes=1-2' },
    })
    await response.body?.cancel()
    expect(ranges(scene)).toEqual([null, 'bytes=1-2'])
  })

  test('answers with the whole file when Graph ignores the range [requirement 92]', async () => {
    const scene = await aDirectScene()
    scene.entrada.sandbox.faults.set('files.range_ignored')
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item), {
      headers: { range: 'bytes=100-199' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-range')).toBeNull()
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('refuses a range past the end with the size', async () => {
    const scene = await aDirectScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
      headers: { range: 'bytes=50000-' },
    })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */48211')
    expect(await problemOf(response)).toMatchObject({ code: 'range_not_satisfiable' })
  })

  test('completes a download that breaks, byte by byte the same', async () => {
    const scene = await aDirectScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(ranges(scene)).toEqual([null, `bytes=${Math.floor(8 * MIB * 0.4)}-${8 * MIB - 1}`])
    expect(await results(scene)).toEqual(['complete'])
  })

  test('resumes at the download host what Graph began, and the other way round', async () => {
    const scene = await aFilesScene()
    const { faults, journal } = scene.entrada.sandbox
    faults.set('files.bytes_from_graph', { times: 1 })
    faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await readWhole(response)).toBe(sha256(await bytesOf(scene, item)))
    expect(journal.to('download')).toHaveLength(1)
    faults.set('files.cut', { times: 1 })
    const again = await scene.browser.fetch(contentPathOf(item))
    faults.set('files.bytes_from_graph')
    expect(await readWhole(again)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('ends with an error when the file has changed meanwhile', async () => {
    const scene = await aDirectScene()
    const recording = fileOf(scene, 'recording')
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const response = await scene.browser.fetch(contentPathOf(recording))
    scene.entrada.sandbox.drives.put({ ...recording, version: recording.version + 1 })
    await expect(readWhole(response)).rejects.toThrow()
    expect(await results(scene)).toEqual(['file_changed'])
  })

  test('converts to PDF', async () => {
    const scene = await aDirectScene()
    const path = `${contentPathOf(fileOf(scene, 'report'))}?format=pdf`
    const response = await scene.browser.fetch(path)
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect((await response.text()).startsWith('%PDF-')).toBe(true)
  })

  test('still refuses a file whose bytes are encrypted', async () => {
    const { response, problem } = await refusal(await aDirectScene(), 'labelled')
    expect([response.status, problem['code']]).toEqual([403, 'file_protected'])
  })

  test('applies Graph’s deadline to the headers only, so that a long body completes', async () => {
    const PIECES = 12
    let requests = 0
    const item = { bytes: new Uint8Array() }
    const scene = await answeringContent(() => {
      requests += 1
      const size = Math.ceil(item.bytes.length / PIECES)
      let at = 0
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 10_000))
          controller.enqueue(item.bytes.slice(at, at + size))
          at += size
          if (at >= item.bytes.length) controller.close()
        },
      })
      return new Response(body, { headers: { 'content-length': String(item.bytes.length) } })
    })
    const stored = fileOf(scene, 'pdf')
    item.bytes = new Uint8Array(await bytesOf(scene, stored))
    const response = await clock.runOut(scene.browser.fetch(contentPathOf(stored)))
    expect(await readWhole(response)).toBe(sha256(item.bytes))
    expect(requests).toBe(1)
  })

  test('resumes after half a minute of silence', async () => {
    let requests = 0
    const item = { bytes: new Uint8Array() }
    const scene = await answeringContent((request) => {
      requests += 1
      const start = Number(/bytes=(\d+)/.exec(request.headers.get('range') ?? '')?.[1] ?? 0)
      const { length } = item.bytes
      const part = item.bytes.slice(start, requests === 1 ? 10_000 : undefined)
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(part)
          if (requests > 1) controller.close()
        },
      })
      return new Response(body, {
        status: start > 0 ? 206 : 200,
        headers: {
          'content-length': String(length - start),
          ...(start > 0 && { 'content-range': `bytes ${start}-${length - 1}/${length}` }),
        },
      })
    })
    const stored = fileOf(scene, 'report')
    item.bytes = new Uint8Array(await bytesOf(scene, stored))
    const response = await scene.browser.fetch(contentPathOf(stored))
    expect(await readWhole(response)).toBe(sha256(item.bytes))
    expect(requests).toBe(2)
  })

  test('gives up after 20 seconds without headers', async () => {
    let waitedMs = Number.NaN
    const scene = await answeringContent(({ signal }) => {
      const arrivedAt = clock.now()
      signal.addEventListener('abort', () => {
        waitedMs = clock.now() - arrivedAt
      })
      return new Promise(() => undefined)
    })
    const { response, problem } = await refusal(scene)
    expect([response.status, problem['code']]).toEqual([503, 'graph_unavailable'])
    expect(waitedMs).toBeLessThanOrEqual(20_000)
  })

  test.each([
    [204, null],
    [202, 'soon'],
  ])('refuses the status %i', async (status, body) => {
    const scene = await answeringContent(() => new Response(body, { status }))
    const { response, problem } = await refusal(scene)
    expect([response.status, problem['code']]).toEqual([502, 'graph_unexpected'])
  })

  test('stops the transfer when the receiver has left', async () => {
    let isCancelled = false
    const scene = await answeringContent(() => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
        cancel: () => {
          isCancelled = true
        },
      })
      return new Response(body, { headers: { 'content-length': String(8 * MIB) } })
    })
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'recording')))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(await results(scene)).toEqual(['cancelled'])
    expect(isCancelled).toBe(true)
  })

  test('packs files into an archive', async () => {
    const scene = await aDirectScene()
    const items = [fileOf(scene, 'report'), fileOf(scene, 'text')]
    const archive = Buffer.from(await (await archiveOf(scene, items)).arrayBuffer())
    for (const item of items) {
      expect(archive.includes(Buffer.from(await bytesOf(scene, item))), addressOf(item).id).toBe(
        true,
      )
    }
    expect(await results(scene)).toEqual(['complete', 'complete'])
  })

  test('attaches files to the chat', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.bytes_from_graph')
    const item = fileOf(scene, 'report')
    const events = await eventsOf(await attach(scene, [item]))
    expect(fileEvents(events)).toMatchObject([{ ok: true, status: 200 }])
    expect(scene.uploads[0]?.sha256).toBe(sha256(await bytesOf(scene, item)))
  })
})
