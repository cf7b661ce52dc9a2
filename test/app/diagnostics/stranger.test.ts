import { describe, expect, test } from 'vitest'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import { CHAT_ORIGIN } from '../../support/chat-double.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerFor, anOperatorScene, named, verdictOn } from './fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* The chat's response to requests at its own address, which bypass Entrada. */

describe('the chat’s own address', () => {
  /** A chat with this response to strangers, and a normal one to Entrada. */
  const toStrangers =
    (answer: HostHandler): HostHandler =>
    (request) =>
      request.headers.has('entrada-assertion') ? new Response('hello') : answer(request)

  test('is requested twice as a stranger: without and with a spoofed identity header [requirement 64]', async () => {
    const seen: Request[] = []
    const scene = await anOperatorScene(
      {},
      toStrangers((request) => {
        seen.push(request)
        return new Response(null, { status: 403 })
      }),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe('ok')
    expect(seen.map(({ url, method }) => [method, url])).toEqual([
      ['GET', `${CHAT_ORIGIN}/`],
      ['GET', `${CHAT_ORIGIN}/`],
    ])
    expect(seen.map(({ headers }) => headers.get('x-forwarded-user'))).toEqual([
      null,
      'entrada-check',
    ])
    for (const { headers } of seen) {
      expect([headers.has('entrada-origin-secret'), headers.has('cookie')]).toEqual([false, false])
    }
  })

  test('fails when it answers strangers, with the fixes [requirement 64]', async () => {
    const scene = await anOperatorScene({}, () => new Response('hello'))
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(false)
    expect(named(answer, 'origin_protection')).toMatchObject({
      status: 'failed',
      detail:
        'origin.contoso.example answers requests that bypass Entrada: 200, with a spoofed X-Forwarded-User 200.',
      fix: expect.stringMatching(
        /ORIGIN_SECRET.*tunnel.*mutual TLS.*docs\/protecting-the-chat\.md/,
      ),
    })
  })

  test('fails when it trusts a spoofed identity header [requirement 64]', async () => {
    const scene = await anOperatorScene(
      {},
      toStrangers(({ headers }) =>
        headers.has('x-forwarded-user')
          ? new Response('hello')
          : new Response(null, { status: 302, headers: { location: '/login' } }),
      ),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe('failed')
  })

  test.each(['librechat', 'onyx'])(
    'is a warning when open for a %s, which has its own sign-in',
    async (preset) => {
      const scene = await anOperatorScene(
        { settings: { ORIGIN_PRESET: preset } },
        () => new Response('hello'),
      )
      expect((await verdictOn('origin_protection', scene)).status).toBe('warning')
    },
  )

  test.each<[string, number, Record<string, string>, string]>([
    ['400, as without a client certificate', 400, {}, 'ok'],
    ['401', 401, {}, 'ok'],
    ['403', 403, {}, 'ok'],
    ['421', 421, {}, 'ok'],
    ['to the public address', 302, { location: 'https://chat.contoso.example/' }, 'ok'],
    ['to a sign-in of the chat’s own', 302, { location: '/login' }, 'warning'],
    ['to a look-alike', 302, { location: 'https://chat.contoso.example.evil/' }, 'warning'],
    ['404', 404, {}, 'warning'],
    ['502', 502, {}, 'warning'],
  ])('that answers strangers %s', async (_what, status, headers, verdict) => {
    const scene = await anOperatorScene(
      {},
      toStrangers(() => new Response(null, { status, headers })),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe(verdict)
  })

  test('follows no redirect', async () => {
    const scene = await anOperatorScene(
      {},
      toStrangers(() => Response.redirect('https://elsewhere.example/', 302)),
    )
    await answerFor(scene)
    expect(scene.entrada.sandbox.journal.to('unknown')).toEqual([])
  })

  test('is skipped without ORIGIN_URL, with the advice to try from outside Cloudflare', async () => {
    const { entrada } = await anOperatorScene()
    const service = anEntrada({ share: entrada, originService: () => new Response('hello') })
    const operator = await signedIn(service, 'alex')
    const bound = await verdictOn('origin_protection', { entrada: service, operator })
    expect([bound.status, bound.detail]).toEqual([
      'skipped',
      expect.stringContaining('from outside Cloudflare'),
    ])
    const sameZone = anEntrada({ share: entrada, settings: { ORIGIN_URL: null } })
    entrada.internet.answer(entrada.origin, () => new Response('hello'))
    const other = await signedIn(sameZone, 'alex')
    const route = await verdictOn('origin_protection', { entrada: sameZone, operator: other })
    expect(route.status).toBe('skipped')
  })

  test('is skipped for a chat on this machine', async () => {
    const local = 'http://127.0.0.1:3000'
    const scene = await anOperatorScene({
      settings: { DOMAIN_SERVER: 'http://localhost:8787', ORIGIN_URL: local },
      hosts: { [local]: () => new Response('hello') },
    })
    expect((await verdictOn('origin_protection', scene)).status).toBe('skipped')
  })
})
