import { describe, expect, test } from 'vitest'
import type { StoredItem } from '../sandbox/drives/drive-item.ts'
import { MICROSOFT_HOSTS } from '../sandbox/hosts.ts'
import { clock } from '../support/clock.ts'
import type { EntradaOptions } from '../support/entrada.ts'
import {
  aFilesScene,
  bytesOf,
  fileOf,
  problemOf,
  sha256,
  type FileName,
  type FilesScene,
} from './files-fixture.ts'

interface Upload {
  readonly url: URL
  readonly headers: Headers
  readonly fields: Readonly<Record<string, string>>
  readonly name: string
  readonly type: string
  readonly sha256: string
}

interface AttachScene extends FilesScene {
  readonly uploads: Upload[]
}

const LIBRECHAT = { ORIGIN_PRESET: 'librechat' }

/** A chat app that takes uploads like any other, and remembers what it was sent. */
async function anAttachScene(
  options: EntradaOptions & {
    readonly answer?: (upload: Upload) => Response
    /** Instead of reading the upload. */
    readonly refuse?: () => Response | Promise<Response>
  } = {},
): Promise<AttachScene> {
  const uploads: Upload[] = []
  const scene: FilesScene = await aFilesScene({
    ...options,
    settings: { ...LIBRECHAT, ...options.settings },
    hosts: {
      ...options.hosts,
      [MICROSOFT_HOSTS.chat]: async (request) => {
        if (request.method !== 'POST') return page()
        if (options.refuse !== undefined) return options.refuse()
        const upload = await readUpload(request)
        uploads.push(upload)
        return options.answer?.(upload) ?? Response.json({ file_id: upload.fields['file_id'] })
      },
    },
  })
  return { ...scene, uploads }
}

function page(): Response {
  const headers = { 'content-type': 'text/html' }
  return new Response('<!doctype html><title>Chat</title>', { headers })
}

async function readUpload(request: Request): Promise<Upload> {
  const fields: Record<string, string> = {}
  let file: File | null = null
  for (const [name, value] of await request.formData()) {
    if (typeof value === 'string') fields[name] = value
    else file = value
  }
  if (file === null) throw new Error('an upload holds a file')
  return {
    url: new URL(request.url),
    headers: request.headers,
    fields,
    name: file.name,
    type: file.type,
    sha256: sha256(await file.arrayBuffer()),
  }
}

interface Event {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

async function attach(
  scene: FilesScene,
  items: readonly StoredItem[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  return scene.browser.fetch('/.entrada/files/attach', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer of-the-chat' },
    body: JSON.stringify({ items: items.map(({ driveId, id }) => ({ driveId, id })), ...more }),
  })
}

async function eventsOf(response: Response): Promise<readonly Event[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const text = await clock.runOut(response.text())
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const [, event = '', json = ''] = /^event: (\w+)\ndata: (.+)$/.exec(block) ?? []
      const data: unknown = JSON.parse(json)
      return { event, data: typeof data === 'object' ? { ...data } : {} }
    })
}

function fileEvents(events: readonly Event[]): readonly Event['data'][] {
  return events.filter(({ event }) => event === 'file').map(({ data }) => data)
}

function filesOf(scene: FilesScene, ...names: readonly FileName[]): readonly StoredItem[] {
  return names.map((name) => fileOf(scene, name))
}

describe('attaching at the edge', () => {
  test('sends files to the chat’s own upload, whole, and hands its answers on', async () => {
    const scene = await anAttachScene()
    const items = filesOf(scene, 'report', 'umlauts', 'recording')
    const events = await eventsOf(await attach(scene, items, { fields: { endpoint: 'openAI' } }))
    expect(scene.uploads).toHaveLength(3)
    for (const [index, item] of items.entries()) {
      expect(scene.uploads[index]?.sha256).toBe(sha256(await bytesOf(scene, item)))
    }
    expect(scene.uploads[0]).toMatchObject({
      name: 'Quarterly%20report.docx',
      fields: { endpoint: 'openAI', file_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    })
    expect(scene.uploads[0]?.url.pathname).toBe('/api/files')
    expect(fileEvents(events)).toMatchObject(
      items.map(({ driveId, id, name }, index) => ({
        driveId,
        id,
        name,
        ok: true,
        status: 200,
        answer: { file_id: scene.uploads[index]?.fields['file_id'] },
      })),
    )
    expect(events.at(-1)).toEqual({ event: 'done', data: { attached: 3, failed: 0 } })
  })

  test('goes the way of every proxied request: the chat’s credentials and ours, and no cookie of ours', async () => {
    const scene = await anAttachScene({ settings: { ORIGIN_PRESET: 'open-webui' } })
    await eventsOf(await attach(scene, filesOf(scene, 'text')))
    const [upload] = scene.uploads
    expect(upload?.url.pathname).toBe('/api/v1/files/')
    expect(upload?.headers.get('authorization')).toBe('Bearer of-the-chat')
    expect(upload?.headers.get('entrada-assertion')).toMatch(/^eyJ/)
    expect(upload?.headers.get('x-openwebui-user-email')).toContain('adele')
    expect(upload?.headers.get('cookie') ?? '').not.toContain('entrada')
    expect(upload?.headers.get('content-length')).toMatch(/^\d+$/)
    expect(upload?.name).toBe('notes.txt')
    expect(upload?.type).toBe('text/plain')
    const { minted } = scene.entrada.sandbox.accessTokens
    const sent = [...(upload?.headers.values() ?? [])].join('\n')
    for (const token of minted) expect(sent).not.toContain(token)
  })

  test('goes where the operator says, with the fields of that chat', async () => {
    const scene = await anAttachScene({
      settings: {
        ORIGIN_PRESET: 'generic',
        ORIGIN_UPLOAD:
          '{"path":"/upload","field":"document","fields":{"kind":"chat","id":"{uuid}"},"query":["thread"]}',
      },
    })
    const fields = { thread: 'a&b=c', note: 'x\r\n--y' }
    await eventsOf(await attach(scene, filesOf(scene, 'quotes'), { fields }))
    const [upload] = scene.uploads
    expect(upload?.url.pathname).toBe('/upload')
    expect(upload?.url.searchParams.get('thread')).toBe('a&b=c')
    expect([...(upload?.url.searchParams.keys() ?? [])]).toEqual(['thread'])
    expect(upload?.fields).toEqual({
      kind: 'chat',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      note: 'x\r\n--y',
    })
  })

  test('goes to Chainlit with the session its page names, in the query', async () => {
    const scene = await anAttachScene({ settings: { ORIGIN_PRESET: 'chainlit' } })
    const fields = { session_id: 'a-session' }
    await eventsOf(await attach(scene, filesOf(scene, 'text'), { fields }))
    const [upload] = scene.uploads
    expect(`${upload?.url.pathname}${upload?.url.search}`).toBe(
      '/project/file?session_id=a-session',
    )
    expect(upload?.fields).toEqual({})
  })

  test.each(['generic', 'chat-ui', 'onyx'])(
    'is off where nobody has said where uploads go: %s',
    async (preset) => {
      const scene = await anAttachScene({ settings: { ORIGIN_PRESET: preset } })
      const response = await attach(scene, filesOf(scene, 'text'))
      expect(response.status).toBe(404)
      expect(await problemOf(response)).toMatchObject({ code: 'feature_off' })
    },
  )

  test('tells of progress', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.slow', { delayMs: 60 })
    const item = fileOf(scene, 'report')
    const events = await eventsOf(await attach(scene, [item]))
    const progress = events.filter(({ event }) => event === 'progress').map(({ data }) => data)
    expect(progress.length).toBeGreaterThan(0)
    expect(progress[0]).toMatchObject({ id: item.id, name: item.name, total: 48_211 })
    for (const { bytes } of progress) expect(Number(bytes)).toBeLessThanOrEqual(48_211)
  })

  test('survives a break in the middle of a file', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const events = await eventsOf(await attach(scene, [item]))
    expect(events.at(-1)?.data).toEqual({ attached: 1, failed: 0 })
    expect(scene.uploads[0]?.sha256).toBe(sha256(await bytesOf(scene, item)))
  })

  test('lets one bad file not sink the rest', async () => {
    const scene = await anAttachScene()
    const events = await eventsOf(await attach(scene, filesOf(scene, 'malware', 'locked', 'text')))
    expect(fileEvents(events)).toMatchObject([
      { ok: false, problem: { code: 'file_infected', title: expect.any(String) } },
      { ok: false, problem: { code: 'file_locked' } },
      { ok: true },
    ])
    expect(events.at(-1)?.data).toEqual({ attached: 1, failed: 2 })
    await scene.entrada.platform.settle()
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['file_infected', 'file_locked', 'complete'])
  })

  test('hands on what the chat refuses', async () => {
    const scene = await anAttachScene({
      answer: () => Response.json({ message: 'Too many files.' }, { status: 422 }),
    })
    const events = await eventsOf(await attach(scene, filesOf(scene, 'text')))
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      status: 422,
      answer: { message: 'Too many files.' },
    })
  })

  test('stops reading a file that the chat refuses before it has it', async () => {
    const scene = await anAttachScene({
      refuse: () => Response.json({ message: 'Too large.' }, { status: 413 }),
    })
    const events = await eventsOf(await attach(scene, filesOf(scene, 'recording')))
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      status: 413,
    })
  })

  test('says when the chat does not answer', async () => {
    const scene = await anAttachScene()
    const items = filesOf(scene, 'text')
    scene.entrada.internet.disconnect(MICROSOFT_HOSTS.chat)
    const events = await eventsOf(await attach(scene, items))
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      problem: { code: 'origin_unreachable' },
    })
  })

  test('gives the chat no half of a file that changed on the way', async () => {
    const scene = await anAttachScene()
    const item = fileOf(scene, 'recording')
    const { faults, drives, journal } = scene.entrada.sandbox
    faults.set('files.cut', { times: 1 })
    faults.set('files.slow', { times: 1, delayMs: 1 })
    const response = await attach(scene, [item])
    await expect.poll(() => journal.to('download').length).toBe(1)
    drives.put({ ...item, version: item.version + 1 })
    const events = await eventsOf(response)
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      problem: { code: 'file_changed' },
    })
    expect(scene.uploads).toEqual([])
  })

  test('ends when the person leaves', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.slow', { delayMs: 50 })
    const response = await attach(scene, filesOf(scene, 'recording', 'report'))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    expect(scene.uploads).toEqual([])
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
  })

  test('sends nothing for someone who has left while the file was being looked for', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('graph.slow', { delayMs: 16_000 })
    const response = await attach(scene, filesOf(scene, 'text', 'report'))
    await response.body?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    expect(scene.uploads).toEqual([])
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
  })

  test('ends when the person leaves while the chat app says nothing', async () => {
    const answer = Promise.withResolvers<Response>()
    const scene = await anAttachScene({ refuse: () => answer.promise })
    const response = await attach(scene, filesOf(scene, 'text', 'report'))
    const reader = response.body?.getReader()
    const first = reader?.read()
    await clock.advance(16)
    // Something is heard while nothing happens, or what is between would cut the line.
    const heard: unknown = (await first)?.value
    expect(heard instanceof Uint8Array && heard.byteLength > 0).toBe(true)
    await reader?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
    answer.resolve(new Response(null))
  })

  test.each([
    [{}],
    [{ items: [] }],
    [{ items: [{ driveId: '../x', id: '..' }] }],
    [{ items: 'x' }],
    [null],
  ])('refuses %j', async (body) => {
    const scene = await anAttachScene()
    const response = await scene.browser.fetch('/.entrada/files/attach', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
  })

  test('refuses fields whose names would need care', async () => {
    const scene = await anAttachScene()
    const items = filesOf(scene, 'text')
    for (const name of ['a"b', 'a\r\nb', '', 'x'.repeat(65), 'a b']) {
      const response = await attach(scene, items, { fields: { [name]: 'x' } })
      expect(response.status, JSON.stringify(name)).toBe(400)
    }
  })

  test('is not done for another site [bar 73]', async () => {
    const scene = await anAttachScene()
    const { driveId, id } = fileOf(scene, 'text')
    const cookie = `__Host-entrada=${scene.browser.cookies.get('__Host-entrada')?.value}`
    const response = await scene.entrada.fetch('/.entrada/files/attach', {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ driveId, id }] }),
    })
    expect(response.status).toBe(403)
    expect(scene.uploads).toEqual([])
  })
})
