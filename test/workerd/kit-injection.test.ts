import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aProxyScene, type ProxyScene } from './proxy-fixture.ts'

const PAGE =
  '<!doctype html><html><head><title>Chat – ü</title></head><body><p>hello</p></body></html>'
const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
  'accept-encoding': 'gzip, br, zstd',
}

/** The response of the chat to the next request. */
let answer = (response: ServerResponse): void => void response.end('hello')

function chatSays(
  body: string | Buffer,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  status = 200,
): void {
  answer = (response) => {
    const all = { 'content-type': 'text/html; charset=utf-8', ...headers }
    for (const [name, value] of Object.entries(all)) {
      response.setHeader(name, typeof value === 'string' ? value : [...value])
    }
    response.statusCode = status
    response.end(body)
  }
}

let scene: ProxyScene
/** The request that the chat received. */
let asked: IncomingMessage['headers'] = {}
let TAG = ''
beforeAll(async () => {
  scene = await aProxyScene(
    (request, response) => {
      asked = request.headers
      answer(response)
    },
    { settings: { KIT_INJECT: 'guard', SKIP_AUTH_ROUTES: 'GET /public, GET /public.js' } },
  )
  TAG = `<script src="${scene.entrada.origin}/.entrada/kit.js"></script>`
})
afterAll(() => scene.close())

async function open(
  path = '/',
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ incoming: IncomingMessage; body: Buffer }> {
  const incoming = await scene.request(path, { method, headers: { ...NAVIGATION, ...headers } })
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return { incoming, body: Buffer.concat(chunks) }
}

describe('the page script is inserted first', () => {
  test.each([
    ['in the head', PAGE, PAGE.replace('<head>', '<head>TAG')],
    ['in a head with attributes', '<head lang="en"><meta>', '<head lang="en">TAG<meta>'],
    ['in the body, where there is no head', '<body class=a><p>', '<body class=a>TAG<p>'],
    [
      'before the first element of a page without either',
      '<!doctype html><p>',
      '<!doctype html>TAG<p>',
    ],
    [
      'before the app’s own',
      '<html><script src=app.js></script>',
      '<html>TAG<script src=app.js></script>',
    ],
    ['before a frame set', '<html><frameset></frameset>', '<html>TAG<frameset></frameset>'],
    ['at the end of a text', 'nothing more', 'nothing moreTAG'],
    ['once', `${PAGE}${PAGE}`, `${PAGE.replace('<head>', '<head>TAG')}${PAGE}`],
    [
      'outside a template',
      '<!doctype html><template><head></head></template><p>',
      '<!doctype html>TAG<template><head></head></template><p>',
    ],
    [
      'in the body, also when a template contains tags',
      '<html><body><template><head></head></template>',
      '<html><body>TAG<template><head></head></template>',
    ],
    [
      'before a noscript, whose contents are text',
      '<html><noscript><body></body></noscript><title>',
      '<html>TAG<noscript><body></body></noscript><title>',
    ],
    [
      'from our own address, also when the page has a base element',
      '<head><base href="https://evil.example/">',
      '<head>TAG<base href="https://evil.example/">',
    ],
  ])('%s', async (_where, page, expected) => {
    chatSays(page)
    const { incoming, body } = await open()
    expect([incoming.statusCode, body.toString()]).toEqual([200, expected.replace('TAG', TAG)])
    expect(incoming.headers['content-length']).toBeUndefined()
  })

  test.each([
    ['gzip', gzipSync(PAGE), gunzipSync],
    ['br', brotliCompressSync(PAGE), brotliDecompressSync],
  ] as const)('in a page compressed with %s', async (encoding, compressed, decompress) => {
    chatSays(compressed, { 'content-encoding': encoding })
    const { incoming, body } = await open()
    expect(incoming.headers['content-encoding']).toBe(encoding)
    expect(decompress(body).toString()).toContain(`<head>${TAG}`)
  })

  test('with the nonce from the page’s own policy', async () => {
    chatSays(PAGE, { 'content-security-policy': "script-src 'strict-dynamic' 'nonce-abc123='" })
    const { incoming, body } = await open()
    expect(body.toString()).toContain(`<head>${TAG.replace('></', ' nonce="abc123="></')}`)
    expect(incoming.headers['content-security-policy']).toContain('abc123')
  })

  test('and the rest of the response is unchanged', async () => {
    chatSays(PAGE, { 'set-cookie': ['a=1', 'b=2'], 'x-app': 'chat', vary: 'accept' })
    const { incoming } = await open()
    expect(incoming.headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
      'x-app': 'chat',
      vary: 'accept',
      'content-type': 'text/html; charset=utf-8',
    })
  })

  test('and validators of the original page are removed', async () => {
    chatSays(PAGE, {
      etag: '"v1"',
      'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT',
      digest: 'sha-256=x',
      'content-digest': 'sha-256=:x:',
      'repr-digest': 'sha-256=:x:',
      'content-md5': 'x',
    })
    const { incoming } = await open()
    const names = [
      'etag',
      'last-modified',
      'digest',
      'content-digest',
      'repr-digest',
      'content-md5',
    ]
    expect(names.filter((name) => name in incoming.headers)).toEqual([])
  })

  test('for a browser that cached the page without it, and for one that accepts zstd', async () => {
    chatSays(PAGE)
    await open('/', {
      'if-none-match': '"v1"',
      'if-modified-since': 'Wed, 21 Oct 2026 07:28:00 GMT',
      'accept-encoding': 'gzip;q=0.9, deflate, br, zstd, *',
    })
    expect(asked).not.toHaveProperty('if-none-match')
    expect(asked).not.toHaveProperty('if-modified-since')
    expect(asked['accept-encoding']).toBe('gzip;q=0.9, br')
    await open('/', { 'accept-encoding': 'zstd' })
    expect(asked['accept-encoding']).toBe('identity')
  })

  test('and requests other than page loads are unchanged', async () => {
    chatSays('{}', { 'content-type': 'application/json', etag: '"v1"' })
    const { incoming } = await open('/', { 'sec-fetch-dest': 'empty', 'if-none-match': '"v1"' })
    expect(asked['if-none-match']).toBe('"v1"')
    expect(incoming.headers.etag).toBe('"v1"')
  })

  test('before the rest of the page has arrived', async () => {
    const sent = Promise.withResolvers<void>()
    answer = (response) => {
      response.setHeader('content-type', 'text/html')
      response.write(`<head><title>slow</title>${' '.repeat(2000)}`)
      void sent.promise.then(() => response.end('</head>done'))
    }
    const incoming = await scene.request('/', { headers: NAVIGATION })
    let text = ''
    for await (const chunk of incoming) {
      text += String(chunk)
      if (text.includes(TAG)) sent.resolve()
    }
    expect(text).toMatch(/done$/)
  })
})

const UPDATE = {
  'sec-fetch-mode': 'same-origin',
  'sec-fetch-dest': 'serviceworker',
  'service-worker': 'script',
  accept: '*/*',
}
const WORKER = "addEventListener('fetch', (event) => event.respondWith(caches.match('/')))"
const MARKER = '__Host-entrada-worker=1'

describe('a service worker of the chat', () => {
  const asScript = { 'content-type': 'text/javascript', etag: '"w1"' }

  test('has our code first and its own code unchanged', async () => {
    chatSays(WORKER, asScript)
    const { incoming, body } = await open('/sw.js', { ...UPDATE, 'if-none-match': '"w1"' })
    expect(asked).not.toHaveProperty('if-none-match')
    expect(incoming.headers).not.toHaveProperty('etag')
    expect(incoming.statusCode).toBe(200)
    const [lines = '', rest] = body.toString().split(WORKER)
    expect(lines).toContain('FetchEvent.prototype')
    expect(lines).toContain('"/oauth/openid/callback"')
    expect(lines.trimEnd()).not.toContain('\n')
    expect(rest).toBe('')
  })

  test.each([
    ['at once', `'use strict';${WORKER}`],
    ['after its licence', `/* a */ /* b */\n// c\n"use strict"\n${WORKER}`],
  ])('stays in strict mode when its directive comes %s', async (_where, script) => {
    chatSays(script, asScript)
    const { body } = await open('/sw.js', UPDATE)
    expect(body.toString()).toMatch(/^"use strict";/)
    chatSays(WORKER, asScript)
    expect((await open('/sw.js', UPDATE)).body.toString()).not.toMatch(/^\s*["']use strict/)
  })

  test('gets our code on open routes too', async () => {
    chatSays(WORKER, asScript)
    const { body } = await open('/public.js', { ...UPDATE, cookie: '' })
    expect(body.toString()).toMatch(/FetchEvent\.prototype[^]*caches\.match/)
  })

  test('gets our code when it is compressed', async () => {
    chatSays(brotliCompressSync(WORKER), { ...asScript, 'content-encoding': 'br' })
    const { body } = await open('/sw.js', { ...UPDATE, 'accept-encoding': 'identity' })
    expect(body.toString()).toMatch(/FetchEvent\.prototype[^]*caches\.match/)
  })

  test.each([
    ['a response that is not a script', '{"a":1}', { 'content-type': 'application/json' }, 200],
    ['an error response', WORKER, asScript, 404],
  ])('gets no code of ours in %s', async (_what, body, headers, status) => {
    chatSays(body, headers, status)
    const { incoming, body: passed } = await open('/sw.js', UPDATE)
    expect([incoming.statusCode, passed.toString()]).toEqual([status, body])
  })

  test.each(['/sw.js', '/api/conversations', '/'])(
    'without a session, %s answers with lines of ours and reaches no chat [requirement 55]',
    async (path) => {
      chatSays(WORKER, asScript)
      asked = {}
      const { incoming, body } = await open(path, { ...UPDATE, cookie: '' })
      expect(asked).toEqual({})
      expect(incoming.statusCode).toBe(200)
      expect(incoming.headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'no-store',
        'service-worker-allowed': '/',
        'x-content-type-options': 'nosniff',
      })
      expect(incoming.headers).not.toHaveProperty('set-cookie')
      expect(body.toString()).toMatch(/FetchEvent\.prototype[^]*skipWaiting/)
      expect(body.toString()).not.toContain('caches')
    },
  )

  test('with our code is not replaced when the session has ended', async () => {
    chatSays(WORKER, asScript)
    const { incoming } = await open('/sw.js', UPDATE)
    const [line = ''] = incoming.headers['set-cookie'] ?? []
    expect(line).toBe(`${MARKER}; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax`)
    const { incoming: refused } = await open('/sw.js', { ...UPDATE, cookie: MARKER })
    expect(refused.statusCode).toBe(401)
    expect(refused.headers).not.toHaveProperty('set-cookie')
  })

  test('is the only request allowed without a session', async () => {
    chatSays(WORKER, asScript)
    const { 'service-worker': _, ...rest } = UPDATE
    const refused = [
      await open('/sw.js', { ...rest, cookie: '' }),
      await open('/sw.js', { ...UPDATE, 'service-worker': 'x', cookie: '' }),
      await open('/sw.js', { ...UPDATE, cookie: '' }, 'POST'),
    ]
    expect(refused.map(({ incoming }) => incoming.statusCode)).toEqual([401, 401, 401])
  })
})

describe('passes unchanged, byte for byte:', () => {
  const policy = "script-src 'self' 'strict-dynamic'"
  test.each([
    ['a response to a script', PAGE, {}, { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a page in a frame', PAGE, {}, { 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', PAGE, {}, { 'sec-purpose': 'prefetch' }],
    ['a response that is not HTML', '{"a":"<head>"}', { 'content-type': 'application/json' }, {}],
    ['XHTML, which is not HTML', PAGE, { 'content-type': 'application/xhtml+xml' }, {}],
    ['another character encoding', PAGE, { 'content-type': 'text/html; charset=shift_jis' }, {}],
    ['a page whose policy forbids it', PAGE, { 'content-security-policy': policy }, {}],
    [
      'a page of two policies, one of which forbids it',
      PAGE,
      { 'content-security-policy': ["script-src 'self'", "script-src 'none'"] },
      {},
    ],
    ['zstd', zstdCompressSync(PAGE), { 'content-encoding': 'zstd' }, {}],
    ['two encodings', gzipSync(gzipSync(PAGE)), { 'content-encoding': 'gzip, gzip' }, {}],
  ])('%s', async (_what, page, headers, request) => {
    chatSays(page, headers)
    const { body } = await open('/', request)
    expect(body.equals(Buffer.from(page))).toBe(true)
  })

  test.each([201, 203, 404, 500])('status %i', async (status) => {
    chatSays(PAGE, {}, status)
    const { incoming, body } = await open()
    expect([incoming.statusCode, body.toString()]).toEqual([status, PAGE])
  })

  test('the response to a form', async () => {
    chatSays(PAGE)
    const { body } = await open('/', { origin: scene.entrada.origin }, 'POST')
    expect(body.toString()).toBe(PAGE)
  })

  test('a page of an open route', async () => {
    chatSays(PAGE)
    const { body } = await open('/public', { cookie: '' })
    expect(body.toString()).toBe(PAGE)
  })

  test('every response, without KIT_INJECT', async () => {
    await scene.entrada.restart({ KIT_INJECT: '' })
    chatSays(PAGE)
    const { incoming, body } = await open()
    expect(body.toString()).toBe(PAGE)
    expect(incoming.headers['content-length']).toBe(String(Buffer.byteLength(PAGE)))
    chatSays(WORKER, { 'content-type': 'text/javascript' })
    expect((await open('/sw.js', UPDATE)).body.toString()).toBe(WORKER)
    expect((await open('/sw.js', { ...UPDATE, cookie: '' })).incoming.statusCode).toBe(401)
  })
})
