import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ADELE_FILES } from '../../sandbox/drives/cast-files.ts'
import { clock } from '../../support/clock.ts'
import { addressOf, archiveOf } from './archive-fixture.ts'
import { adelesDrive, aFilesScene, bytesOf, fileOf, sha256, type FileName } from './fixture.ts'

const MANIFEST = 'not-included.json'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrada-archive-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Extracts with Info-ZIP's `unzip`: SHA-256 by file name. */
async function unzipped(response: Response): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, 'archive.zip')
  writeFileSync(path, Buffer.from(await clock.runOut(response.arrayBuffer())))
  execFileSync('unzip', ['-q', '-tq', path])
  const target = join(folder, 'out')
  execFileSync('unzip', ['-q', '-d', target, path], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  return new Map(
    readdirSync(target).map((name) => [name, sha256(readFileSync(join(target, name)))]),
  )
}

/** Calls a function while the response is being read. */
function afterBytes(response: Response, count: number, happen: () => void): Response {
  let read = 0
  const watching = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (read < count && read + chunk.byteLength >= count) happen()
      read += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
  return new Response(response.body?.pipeThrough(watching) ?? null)
}

function manifest(): unknown {
  return JSON.parse(readFileSync(join(folder, 'out', MANIFEST), 'utf8'))
}

const MANY = { SHAREPOINT_MAX_FILES: '500' }

describe('an archive', () => {
  test('contains the files unchanged', async () => {
    const scene = await aFilesScene()
    const names: readonly FileName[] = ['report', 'pdf', 'text', 'empty', 'umlauts', 'recording']
    const items = names.map((name) => fileOf(scene, name))
    const response = await archiveOf(scene, items, 'My files')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/zip')
    expect(response.headers.get('content-disposition')).toContain('filename="My files.zip"')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    const found = await unzipped(response)
    expect([...found.keys()]).not.toContain(MANIFEST)
    expect(found.size).toBe(items.length)
    for (const item of items) {
      expect([...found.values()], item.name).toContain(sha256(await bytesOf(scene, item)))
    }
  })

  test('of 200 items opens with unzip, matches every hash and lists the failed files', async () => {
    const scene = await aFilesScene({ settings: MANY })
    const { drives } = scene.entrada.sandbox
    const few = drives.children(drives.at(adelesDrive(scene), ADELE_FILES.manyFiles)).slice(0, 180)
    const good: readonly FileName[] = [
      'report',
      'pdf',
      'text',
      'empty',
      'page',
      'drawing',
      'image',
      'umlauts',
      'quotes',
      'climbing',
      'encodedClimbing',
      'dots',
      'japanese',
      'emoji',
      'long',
    ]
    const bad = ['malware', 'locked', 'notebook', 'folder', 'labelled'] as const
    const whole = [...few, ...good.map((name) => fileOf(scene, name))]
    const failing = bad.map((name) => fileOf(scene, name))
    const mixed = [...failing.slice(0, 2), ...whole, ...failing.slice(2)]
    expect(mixed).toHaveLength(200)
    const found = await unzipped(await archiveOf(scene, mixed))
    expect(found.size).toBe(whole.length + 1)
    const hashes = new Set(found.values())
    for (const item of whole) {
      expect(hashes.has(sha256(await bytesOf(scene, item))), item.name).toBe(true)
    }
    const listed = failing.map((item, index) => ({
      ...addressOf(item),
      name: item.name,
      code: [
        'file_infected',
        'file_locked',
        'file_not_downloadable',
        'file_not_downloadable',
        'file_protected',
      ][index],
      incomplete: false,
    }))
    expect(manifest()).toMatchObject({ problems: listed })
  }, 60_000)

  test('contains no name twice, ignoring case', async () => {
    const scene = await aFilesScene()
    const { drives } = scene.entrada.sandbox
    const items = (['text', 'pdf', 'empty', 'image'] as const).map((name) => fileOf(scene, name))
    const names = ['Same.txt', 'same.TXT', 'Same.txt', MANIFEST]
    const renamed = items.map((item, index) => ({ ...item, name: names[index] ?? '' }))
    for (const item of renamed) drives.put(item)
    const found = await unzipped(await archiveOf(scene, renamed))
    expect([...found.keys()].toSorted()).toEqual([
      'Same (3).txt',
      'Same.txt',
      'not-included (2).json',
      'same (2).TXT',
    ])
  })

  test('completes a file whose download breaks', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const items = (['recording', 'report'] as const).map((name) => fileOf(scene, name))
    const found = await unzipped(await archiveOf(scene, items))
    for (const item of items) {
      expect(found.get(item.name)).toBe(sha256(await bytesOf(scene, item)))
    }
  })

  test('waits for a short throttle and lists the files of a long one', async () => {
    const scene = await aFilesScene()
    const { faults } = scene.entrada.sandbox
    const items = (['text', 'report'] as const).map((name) => fileOf(scene, name))
    const response = await archiveOf(scene, items)
    faults.set('graph.throttled', { times: 1, retryAfterSeconds: 5 })
    expect(new Set((await unzipped(response)).keys())).toEqual(
      new Set(items.map(({ name }) => name)),
    )
    rmSync(join(folder, 'out'), { recursive: true })
    const late = await archiveOf(scene, items)
    faults.set('graph.throttled', { retryAfterSeconds: 600 })
    expect([...(await unzipped(late)).keys()]).toEqual([MANIFEST])
    expect(manifest()).toMatchObject({
      problems: [{ code: 'graph_throttled' }, { code: 'graph_throttled' }],
    })
  })

  test('stays readable when a file cannot be completed, and lists it as incomplete', async () => {
    const scene = await aFilesScene()
    const { faults, drives } = scene.entrada.sandbox
    const items = (['recording', 'report'] as const).map((name) => fileOf(scene, name))
    faults.set('files.cut', { times: 1 })
    const [recording, report] = items
    if (recording === undefined || report === undefined) throw new Error('two files')
    const response = await archiveOf(scene, items)
    const found = await unzipped(
      afterBytes(response, 1_000_000, () => {
        drives.put({ ...recording, version: recording.version + 1 })
      }),
    )
    expect(found.get(report.name)).toBe(sha256(await bytesOf(scene, report)))
    expect(manifest()).toMatchObject({
      problems: [{ id: recording.id, code: 'file_changed', incomplete: true }],
    })
  })

  test('contains a file once that was requested twice', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'text')
    const found = await unzipped(await archiveOf(scene, [item, item, item]))
    expect([...found.keys()]).toEqual(['notes.txt'])
  })

  test('can be requested by a plain form, so that the browser saves it', async () => {
    const scene = await aFilesScene()
    const items = [addressOf(fileOf(scene, 'text'))]
    const response = await scene.browser.fetch('/.entrada/files/archive', {
      method: 'POST',
      body: new URLSearchParams({ items: JSON.stringify(items), name: 'notes' }),
    })
    expect(response.headers.get('content-disposition')).toContain('"notes.zip"')
    expect([...(await unzipped(response)).keys()]).toEqual(['notes.txt'])
  })

  test('logs one audit event for each file [requirement 100]', async () => {
    const scene = await aFilesScene()
    const items = (['text', 'malware', 'report'] as const).map((name) => fileOf(scene, name))
    await unzipped(await archiveOf(scene, items))
    await scene.entrada.platform.settle()
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['complete', 'file_infected', 'complete'])
  })

  test('cancels the open file when the receiver leaves', async () => {
    const scene = await aFilesScene()
    const items = (['recording', 'report'] as const).map((name) => fileOf(scene, name))
    const response = await archiveOf(scene, items)
    const reader = response.body?.getReader()
    for (let read = 0; read < 3; read++) await reader?.read()
    await reader?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
  })
})
