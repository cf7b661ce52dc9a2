import { describe, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { clock } from '../../support/clock.ts'
import { anAttachScene, attach, eventsOf, fileEvents, filesOf } from './attach-fixture.ts'
import { bytesOf, fileOf, sha256 } from './fixture.ts'

/* Failures between SharePoint and the chat, and people who leave during the transfer. */

describe('attaching files to the chat', () => {
  test('completes a file whose download breaks', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const item = fileOf(scene, 'recording')
    const events = await eventsOf(await attach(scene, [item]))
    expect(events.at(-1)?.data).toEqual({ attached: 1, failed: 0 })
    expect(scene.uploads[0]?.sha256).toBe(sha256(await bytesOf(scene, item)))
  })

  test('attaches the other files when one fails', async () => {
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

  test('reports the chat app’s refusal', async () => {
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

  test('stops reading a file that the chat app refuses early', async () => {
    const scene = await anAttachScene({
      refuse: () => Response.json({ message: 'Too large.' }, { status: 413 }),
    })
    const events = await eventsOf(await attach(scene, filesOf(scene, 'recording')))
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      status: 413,
    })
  })

  test('reports a chat app that does not respond', async () => {
    const scene = await anAttachScene()
    const items = filesOf(scene, 'text')
    scene.entrada.internet.disconnect(MICROSOFT_HOSTS.chat)
    const events = await eventsOf(await attach(scene, items))
    expect(fileEvents(events)[0]).toMatchObject({
      ok: false,
      problem: { code: 'origin_unreachable' },
    })
  })

  test('sends no complete upload for a file that changed during the transfer', async () => {
    const scene = await anAttachScene()
    const item = fileOf(scene, 'recording')
    const { faults, drives, journal } = scene.entrada.sandbox
    faults.set('files.cut', { times: 1 })
    faults.set('files.slow', { times: 1, delayMs: 5000 })
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

  test('stops when the person leaves', async () => {
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

  test('sends nothing when the person left before the file was opened', async () => {
    const scene = await anAttachScene()
    scene.entrada.sandbox.faults.set('graph.slow', { delayMs: 16_000 })
    const response = await attach(scene, filesOf(scene, 'text', 'report'))
    await response.body?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    expect(scene.uploads).toEqual([])
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
  })

  test('stops when the person leaves while the chat app does not respond', async () => {
    const answer = Promise.withResolvers<Response>()
    const scene = await anAttachScene({ refuse: () => answer.promise })
    const response = await attach(scene, filesOf(scene, 'text', 'report'))
    const reader = response.body?.getReader()
    const first = reader?.read()
    await clock.advance(16)
    // Comments keep the connection open: proxies cut silent ones.
    const heard: unknown = (await first)?.value
    expect(heard instanceof Uint8Array && heard.byteLength > 0).toBe(true)
    await reader?.cancel()
    await clock.runOut(scene.entrada.platform.settle())
    const results = scene.entrada.logs.events('file_downloaded').map((event) => event['result'])
    expect(results).toEqual(['cancelled'])
    answer.resolve(new Response(null))
  })
})
