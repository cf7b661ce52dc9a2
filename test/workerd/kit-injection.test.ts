import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aScene, type Scene } from './proxy-fixture.ts'

const TAG = '<script src="/.entrada/kit.js"></script>'
const PAGE =
  '<!doctype html><html><head><title>Chat – ü</title></head><body><p>hello</p></body></html>'
const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
  'accept-encoding': 'gzip, br, zstd',
}

/** What the chat answers to the next request. */
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

let scene: Scene
beforeAll(async () => {
  scene = await aScene((_request, response) => answer(response), {
    settings: { KIT_INJECT: 'guard', SKIP_AUTH_ROUTES: 'GET /public' },
  })
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

describe('the script comes first', () => {
  test.each([
    ['in the head', PAGE, PAGE.replace('<head>', `<head>${TAG}`)],
    ['in a head with attributes', '<head lang="en"><meta>', `<head lang="en">${TAG}<meta>`],
    ['in the body, where there is no head', '<body class=a><p>', `<body class=a>${TAG}<p>`],
    ['at the end of a fragment', '<p>nothing more', `<p>nothing more${TAG}`],
    ['once', `${PAGE}${PAGE}`, `${PAGE.replace('<head>', `<head>${TAG}`)}${PAGE}`],
  ])('%s', async (_where, page, expected) => {
    chatSays(page)
    const { incoming, body } = await open()
    expect([incoming.statusCode, body.toString()]).toEqual([200, expected])
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

  test('under the nonce of the page’s own policy', async () => {
    chatSays(PAGE, { 'content-security-policy': "script-src 'strict-dynamic' 'nonce-abc123='" })
    const { incoming, body } = await open()
    expect(body.toString()).toContain(
      '<head><script src="/.entrada/kit.js" nonce="abc123="></script>',
    )
    expect(incoming.headers['content-security-policy']).toContain('abc123')
  })

  test('and everything else of the answer stays as it is', async () => {
    chatSays(PAGE, { 'set-cookie': ['a=1', 'b=2'], 'x-app': 'chat', vary: 'accept' })
    const { incoming } = await open()
    expect(incoming.headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
      'x-app': 'chat',
      vary: 'accept',
      'content-type': 'text/html; charset=utf-8',
    })
  })

  test('before the rest of the page has come', async () => {
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

describe('left as it is, byte by byte:', () => {
  const policy = "script-src 'self' 'strict-dynamic'"
  test.each([
    ['what a script asks for', PAGE, {}, { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a page in a frame', PAGE, {}, { 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', PAGE, {}, { 'sec-purpose': 'prefetch' }],
    ['what is not HTML', '{"a":"<head>"}', { 'content-type': 'application/json' }, {}],
    ['XHTML, which is no HTML', PAGE, { 'content-type': 'application/xhtml+xml' }, {}],
    ['another alphabet', PAGE, { 'content-type': 'text/html; charset=shift_jis' }, {}],
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

  test('the answer to a form', async () => {
    chatSays(PAGE)
    const { body } = await open('/', { origin: scene.entrada.origin }, 'POST')
    expect(body.toString()).toBe(PAGE)
  })

  test('a page that needs no sign-in', async () => {
    chatSays(PAGE)
    const { body } = await open('/public', { cookie: '' })
    expect(body.toString()).toBe(PAGE)
  })

  test('everything, where the setting is not set', async () => {
    await scene.entrada.restart({ KIT_INJECT: '' })
    chatSays(PAGE)
    const { incoming, body } = await open()
    expect(body.toString()).toBe(PAGE)
    expect(incoming.headers['content-length']).toBe(String(Buffer.byteLength(PAGE)))
  })
})
