import { describe, expect, test } from 'vitest'
import { CHAT_ORIGIN } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { adeleAt } from './fixture.ts'
import { cookieHeaderOf } from '../../support/scene.ts'

describe('a chat that does not answer', () => {
  test('that is down causes a 502: a page for people, a problem document for programs', async () => {
    const { entrada, browser } = await adeleAt(() => new Response())
    entrada.internet.disconnect(CHAT_ORIGIN)
    const problem = await browser.fetch('/api')
    expect(problem.status).toBe(502)
    expect(await problem.json()).toMatchObject({ code: 'origin_unreachable' })
    const page = await browser.open('/')
    expect(page.status).toBe(502)
    expect(page.headers.get('entrada-error')).toBe('origin_unreachable')
  })

  test.each([
    [521, 502, 'origin_unreachable'],
    [522, 502, 'origin_unreachable'],
    [523, 502, 'origin_unreachable'],
    [525, 502, 'origin_unreachable'],
    [526, 502, 'origin_unreachable'],
    [530, 502, 'origin_unreachable'],
    [520, 502, 'origin_unreachable'],
    [524, 504, 'origin_timeout'],
  ])('for which Cloudflare responds with %i causes a %i', async (theirs, ours, code) => {
    const { browser } = await adeleAt(() => new Response('cloudflare page', { status: theirs }))
    const response = await browser.fetch('/api')
    expect(response.status).toBe(ours)
    expect(await response.json()).toMatchObject({ code })
  })

  test('that is slow causes a 504 after ORIGIN_TIMEOUT_SECONDS', async () => {
    const { browser } = await adeleAt(async () => new Promise<never>(() => {}), {
      settings: { ORIGIN_TIMEOUT_SECONDS: '5' },
    })
    const before = clock.now()
    const response = await clock.runOut(browser.fetch('/api'))
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ code: 'origin_timeout' })
    expect(clock.now() - before).toBeLessThan(20_000)
  })

  test('that has begun to respond has no time limit', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const { browser } = await adeleAt(() => new Response(readable), {
      settings: { ORIGIN_TIMEOUT_SECONDS: '5' },
    })
    const response = await browser.fetch('/slow')
    const text = response.text()
    await clock.advance(60)
    const writer = writable.getWriter()
    await writer.write(new TextEncoder().encode('late'))
    await writer.close()
    expect(await text).toBe('late')
  })

  test('gets more time for an upload over a slow connection', async () => {
    const arrived = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<Response>()
    const { browser } = await adeleAt(
      async () => {
        arrived.resolve()
        return answer.promise
      },
      { settings: { ORIGIN_TIMEOUT_SECONDS: '5' } },
    )
    const response = browser.fetch('/upload', {
      method: 'POST',
      body: 'x'.repeat(1024 * 1024),
      headers: { 'content-length': String(1024 * 1024) },
    })
    await arrived.promise
    await clock.advance(30)
    answer.resolve(new Response('got it'))
    expect(await (await response).text()).toBe('got it')
  })
})

test('a client that disconnects before the response does not count as an outage', async () => {
  const leaving = new AbortController()
  const { entrada, browser } = await adeleAt(() => {
    leaving.abort()
    throw new Error('Network connection lost.')
  })
  const cookie = cookieHeaderOf(browser)
  await entrada.fetch('/api', { headers: { cookie }, signal: leaving.signal })
  expect(leaving.signal.aborted).toBe(true)
  expect(entrada.logs.events('request_failed')).toEqual([])
})
