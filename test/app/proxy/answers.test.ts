import { describe, expect, test } from 'vitest'
import { aGuardedChat } from '../../support/chat-double.ts'
import { adeleAt } from './fixture.ts'

describe('a response of the chat passes unchanged', () => {
  test('redirects are never followed [requirement 72]', async () => {
    const { browser, chat } = await adeleAt(
      () =>
        new Response(null, {
          status: 302,
          headers: { location: 'https://elsewhere.example/x', 'set-cookie': 'a=1' },
        }),
    )
    const before = chat.requests.length
    const response = await browser.fetch('/old', { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('https://elsewhere.example/x')
    expect(response.headers.getSetCookie()).toEqual(['a=1'])
    expect(chat.requests.length).toBe(before + 1)
  })

  test.each([
    [
      'a partial response',
      206,
      { 'content-range': 'bytes 0-1/10', 'accept-ranges': 'bytes' },
      'ab',
    ],
    ['not modified', 304, { etag: '"v1"' }, null],
    ['no content', 204, {}, null],
    ['a 401 of the chat', 401, { 'www-authenticate': 'Bearer' }, '{"detail":"no"}'],
    ['a 500 of the chat', 500, { 'content-type': 'text/html' }, '<h1>Oops</h1>'],
    ['a 502 of its gateway', 502, {}, 'bad gateway'],
    ['a 429 of the chat', 429, { 'retry-after': '7' }, 'slow down'],
  ])('%s', async (_what, status, headers, body) => {
    const { browser } = await adeleAt(() => new Response(body, { status, headers }))
    const response = await browser.fetch('/x', { headers: { range: 'bytes=0-1' } })
    expect(response.status).toBe(status)
    expect(Object.fromEntries(response.headers)).toMatchObject(headers)
    expect(response.headers.has('entrada-error')).toBe(false)
    expect(await response.text()).toBe(body ?? '')
  })

  test('the chat receives conditional and range headers', async () => {
    const { browser, chat } = await adeleAt(() => new Response('x'))
    const headers = {
      range: 'bytes=5-',
      'if-none-match': '"a"',
      'if-range': '"b"',
      'cache-control': 'no-cache',
    }
    await browser.fetch('/file.pdf', { headers })
    expect(Object.fromEntries(chat.last.headers)).toMatchObject(headers)
  })

  test('a request body passes unchanged, with its method and type', async () => {
    const { browser, chat } = await adeleAt(async (request) => new Response(await request.text()))
    const response = await browser.fetch('/api', {
      method: 'PUT',
      body: 'Grüße',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
    expect(chat.last.method).toBe('PUT')
    expect(await response.text()).toBe('Grüße')
  })

  test('a stream passes chunk by chunk [requirement 70]', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const { browser } = await adeleAt(
      () => new Response(readable, { headers: { 'content-type': 'text/event-stream' } }),
    )
    const response = await browser.fetch('/stream')
    const writer = writable.getWriter()
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      const read = reader.read()
      const chunk = new TextEncoder().encode(text)
      await writer.write(chunk)
      expect((await read).value).toEqual(chunk)
    }
    await writer.close()
    expect((await reader.read()).done).toBe(true)
  })
})

describe('a response never carries', () => {
  test('our cookies; each other cookie arrives in its own header [requirement 62]', async () => {
    const expires = 'Expires=Wed, 21 Oct 2026 07:28:00 GMT'
    const { browser } = await adeleAt(() => {
      const headers = new Headers()
      headers.append('set-cookie', `theme=dark; ${expires}`)
      headers.append('set-cookie', '__Host-entrada=planted; Path=/; Secure')
      headers.append('set-cookie', '__HOST-Entrada-login-1=planted; Path=/; Secure')
      headers.append('set-cookie', '=__Host-entrada=planted; Path=/; Secure')
      headers.append('set-cookie', `draft=1; ${expires}; HttpOnly`)
      return new Response('x', { headers })
    })
    const before = browser.cookies.get('__Host-entrada')?.value
    const response = await browser.fetch('/x')
    expect(response.headers.getSetCookie()).toEqual([
      `theme=dark; ${expires}`,
      `draft=1; ${expires}; HttpOnly`,
    ])
    expect(browser.cookies.get('__Host-entrada')?.value).toBe(before)
    expect(await response.text()).toBe('x')
  })

  test('hop-by-hop headers [requirement 72]', async () => {
    const { browser } = await adeleAt(
      () =>
        new Response('x', {
          status: 407,
          headers: {
            connection: 'X-Hop',
            'x-hop': '1',
            'proxy-authenticate': 'Basic',
            'x-stays': '1',
          },
        }),
    )
    const { headers } = await browser.fetch('/x')
    expect(headers.has('x-hop')).toBe(false)
    expect(headers.has('proxy-authenticate')).toBe(false)
    expect(headers.get('x-stays')).toBe('1')
  })

  test('the header that marks a failure of Entrada', async () => {
    const { browser } = await adeleAt(
      () => new Response('x', { status: 401, headers: { 'entrada-error': 'session_required' } }),
    )
    expect((await browser.fetch('/x')).headers.has('entrada-error')).toBe(false)
  })
})

describe('Cloudflare’s cache', () => {
  const orders = (request: Request) => request.cf

  test.each(['/files/salaries.pdf', '/avatar.png?v=2'])(
    'does not cache %s, which is personal and looks like a static file',
    async (path) => {
      const { browser, chat } = await adeleAt(() => new Response('x'))
      await browser.fetch(path)
      expect(orders(chat.last)).toEqual({ cacheTtlByStatus: { '100-599': -1 } })
    },
  )

  test('is left to the chat on open routes', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    await entrada.fetch('/public/logo.png')
    expect(orders(chat.last)).toBeUndefined()
  })
})
