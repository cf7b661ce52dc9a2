import { describe, expect, test } from 'vitest'
import { readWhole, results, withDownloadHost } from './download-fixture.ts'
import { aFilesScene, contentPathOf, fileOf } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('file sizes', () => {
  const CAP = { SHAREPOINT_MAX_FILE_BYTES: '50000' }

  test('above the limit are refused when Graph declares them [requirement 92]', async () => {
    const scene = await aFilesScene({ settings: { SHAREPOINT_MAX_FILE_BYTES: '48210' } })
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.status).toBe(413)
    expect(await problemOf(response)).toMatchObject({ code: 'file_too_large' })
    expect(scene.entrada.sandbox.journal.to('download')).toEqual([])
  })

  test('above the limit are refused when the download host declares them [requirement 92]', async () => {
    const scene = await aFilesScene({
      settings: CAP,
      ...withDownloadHost(() => {
        return new Response(new Uint8Array(50_001), { headers: { 'content-length': '50001' } })
      }),
    })
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.status).toBe(413)
    expect(await problemOf(response)).toMatchObject({ code: 'file_too_large' })
  })

  test('above the limit end the download by the bytes received [requirement 92]', async () => {
    let sent = 0
    const scene = await aFilesScene({
      settings: CAP,
      ...withDownloadHost(() => {
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            sent += 10_000
            controller.enqueue(new Uint8Array(10_000))
          },
        })
        return new Response(body)
      }),
    })
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.headers.get('content-length')).toBeNull()
    await expect(readWhole(response)).rejects.toThrow()
    expect(sent).toBeLessThan(100_000)
    expect(await results(scene)).toEqual(['file_too_large'])
  })

  test.each([
    ['more', 48_211, 60_000, 'download_failed'],
    ['less', 48_211, 20_000, 'download_failed'],
  ])(
    'end with an error for %s bytes than declared [requirement 92]',
    async (_, declared, sent, code) => {
      const scene = await aFilesScene(
        withDownloadHost((request) => {
          if (request.headers.has('range')) return new Response(null, { status: 500 })
          const headers = { 'content-length': String(declared) }
          return new Response(new Blob([new Uint8Array(sent)]).stream(), { headers })
        }),
      )
      const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
      await expect(readWhole(response)).rejects.toThrow()
      expect(await results(scene)).toEqual([code])
    },
  )

  test.each([
    ['another start', 'bytes 0-99/48211'],
    ['a longer part', 'bytes 100-299/48211'],
    ['no range at all', null],
    ['nonsense', 'bytes x-y/z'],
  ])(
    'refuse a response with %s instead of the requested range [requirement 92]',
    async (_, contentRange) => {
      const scene = await aFilesScene(
        withDownloadHost(() => {
          const headers: HeadersInit =
            contentRange === null ? {} : { 'content-range': contentRange }
          return new Response(new Uint8Array(100), { status: 206, headers })
        }),
      )
      const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
        headers: { range: 'bytes=100-199' },
      })
      expect(response.status).toBe(502)
      expect(await problemOf(response)).toMatchObject({ code: 'download_failed' })
    },
  )

  test('are not read from the length of a compressed response', async () => {
    const scene = await aFilesScene(
      withDownloadHost((request) => {
        expect(request.headers.get('accept-encoding')).toBe('identity')
        const headers = { 'content-encoding': 'gzip', 'content-length': '77' }
        return new Response(new Uint8Array(48_211), { headers })
      }),
    )
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    expect(response.headers.get('content-length')).toBeNull()
    expect(response.headers.get('content-encoding')).toBeNull()
    expect((await response.arrayBuffer()).byteLength).toBe(48_211)
  })
})
