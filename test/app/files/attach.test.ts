import { describe, expect, test } from 'vitest'
import { anAttachScene, attach, eventsOf, fileEvents, filesOf } from './attach-fixture.ts'
import { bytesOf, fileOf, sha256 } from './fixture.ts'
import { cookieHeaderOf, problemOf } from '../../support/scene.ts'

describe('attaching files to the chat', () => {
  test('uploads whole files to the chat app and passes its responses on', async () => {
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

  test('sends the chat app’s credentials and the identity headers, without Entrada’s cookie', async () => {
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

  test('uploads to the operator’s route, with its form fields', async () => {
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

  test('uploads to Chainlit with the session id in the query', async () => {
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
    'is off for presets without an upload route: %s',
    async (preset) => {
      const scene = await anAttachScene({ settings: { ORIGIN_PRESET: preset } })
      const response = await attach(scene, filesOf(scene, 'text'))
      expect(response.status).toBe(404)
      expect(await problemOf(response)).toMatchObject({ code: 'feature_off' })
    },
  )

  test('reports progress', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.slow', { delayMs: 60 })
    const item = fileOf(scene, 'report')
    const events = await eventsOf(await attach(scene, [item]))
    const progress = events.filter(({ event }) => event === 'progress').map(({ data }) => data)
    expect(progress.length).toBeGreaterThan(0)
    expect(progress[0]).toMatchObject({ id: item.id, name: item.name, total: 48_211 })
    for (const { bytes } of progress) expect(Number(bytes)).toBeLessThanOrEqual(48_211)
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

  test('refuses form fields whose names need escaping', async () => {
    const scene = await anAttachScene()
    const items = filesOf(scene, 'text')
    for (const name of ['a"b', 'a\r\nb', '', 'x'.repeat(65), 'a b']) {
      const response = await attach(scene, items, { fields: { [name]: 'x' } })
      expect(response.status, JSON.stringify(name)).toBe(400)
    }
  })

  test('is refused from another site [requirement 73]', async () => {
    const scene = await anAttachScene()
    const { driveId, id } = fileOf(scene, 'text')
    const cookie = cookieHeaderOf(scene.browser)
    const response = await scene.entrada.fetch('/.entrada/files/attach', {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ driveId, id }] }),
    })
    expect(response.status).toBe(403)
    expect(scene.uploads).toEqual([])
  })
})
