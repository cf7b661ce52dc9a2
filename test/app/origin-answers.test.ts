import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { aGuardedChat, CHAT_ORIGIN } from '../support/chat-double.ts'
import { clock } from '../support/clock.ts'
import type { HostHandler } from '../sandbox/sandbox.ts'
import type { EntradaOptions } from '../support/entrada.ts'

/** Adele, signed in, in front of a chat that then answers as given. */
async function adeleAt(answer: HostHandler, options: EntradaOptions = {}) {
  const { entrada, chat } = aGuardedChat(options)
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  chat.answer(answer)
  return { entrada, chat, browser }
}

describe('an answer passes as it is', () => {
  test('redirects are never followed [bar 72]', async () => {
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
    ['a part', 206, { 'content-range': 'bytes 0-1/10', 'accept-ranges': 'bytes' }, 'ab'],
    ['not modified', 304, { etag: '"v1"' }, null],
    ['nothing', 204, {}, null],
    ['the chat’s own refusal', 401, { 'www-authenticate': 'Bearer' }, '{"detail":"no"}'],
    ['the chat’s own failure', 500, { 'content-type': 'text/html' }, '<h1>Oops</h1>'],
    ['its own gateway’s failure', 502, {}, 'bad gateway'],
    ['its own limit', 429, { 'retry-after': '7' }, 'slow down'],
  ])('%s', async (_what, status, headers, body) => {
    const { browser } = await adeleAt(() => new Response(body, { status, headers }))
    const response = await browser.fetch('/x', { headers: { range: 'bytes=0-1' } })
    expect(response.status).toBe(status)
    expect(Object.fromEntries(response.headers)).toMatchObject(headers)
    expect(response.headers.has('entrada-error')).toBe(false)
    expect(await response.text()).toBe(body ?? '')
  })

  test('conditions and ranges reach the chat', async () => {
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

  test('a body goes up as it is, with its method and type', async () => {
    const { browser, chat } = await adeleAt(async (request) => new Response(await request.text()))
    const response = await browser.fetch('/api', {
      method: 'PUT',
      body: 'Grüße',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
    expect(chat.last.method).toBe('PUT')
    expect(await response.text()).toBe('Grüße')
  })

  test('a stream passes chunk by chunk [bar 70]', async () => {
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

describe('what an answer must not carry', () => {
  test('cookies of ours; all the others arrive, each on its line [bar 62]', async () => {
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

  test('headers for one connection [bar 72]', async () => {
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

  test('a failure in Entrada’s name', async () => {
    const { browser } = await adeleAt(
      () => new Response('x', { status: 401, headers: { 'entrada-error': 'session_required' } }),
    )
    expect((await browser.fetch('/x')).headers.has('entrada-error')).toBe(false)
  })
})

describe('a chat that does not answer', () => {
  test('dead: 502, as a page to people and as a problem to programs', async () => {
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
  ])('Cloudflare answers %i for it: ours is %i', async (theirs, ours, code) => {
    const { browser } = await adeleAt(() => new Response('cloudflare page', { status: theirs }))
    const response = await browser.fetch('/api')
    expect(response.status).toBe(ours)
    expect(await response.json()).toMatchObject({ code })
  })

  test('slow: 504 after ORIGIN_TIMEOUT_SECONDS', async () => {
    const { browser } = await adeleAt(async () => new Promise<never>(() => {}), {
      settings: { ORIGIN_TIMEOUT_SECONDS: '5' },
    })
    const before = clock.now()
    const response = await clock.runOut(browser.fetch('/api'))
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ code: 'origin_timeout' })
    expect(clock.now() - before).toBeLessThan(20_000)
  })

  test('once it has begun it may take its time', async () => {
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

  test('an upload is given the time a slow line needs', async () => {
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

test('somebody who went away before the answer is no outage', async () => {
  const leaving = new AbortController()
  const { entrada, browser } = await adeleAt(() => {
    leaving.abort()
    throw new Error('Network connection lost.')
  })
  const cookie = `__Host-entrada=${browser.cookies.get('__Host-entrada')?.value}`
  await entrada.fetch('/api', { headers: { cookie }, signal: leaving.signal })
  expect(leaving.signal.aborted).toBe(true)
  expect(entrada.logs.events('request_failed')).toEqual([])
})

describe('Cloudflare’s cache', () => {
  const orders = (request: Request) => request.cf

  test.each(['/files/salaries.pdf', '/avatar.png?v=2'])(
    'keeps nothing of %s, which is for one person and looks like a file for all',
    async (path) => {
      const { browser, chat } = await adeleAt(() => new Response('x'))
      await browser.fetch(path)
      expect(orders(chat.last)).toEqual({ cacheTtlByStatus: { '100-599': -1 } })
    },
  )

  test('is left to the chat where nobody has to sign in', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    await entrada.fetch('/public/logo.png')
    expect(orders(chat.last)).toBeUndefined()
  })
})

describe('where the chat is', () => {
  test('below a path prefix, which nothing leads out of', async () => {
    const { browser, chat } = await adeleAt(() => new Response('x'), {
      settings: { ORIGIN_URL: `${CHAT_ORIGIN}/tenant/chat/` },
    })
    await browser.fetch('/a?b=/../c')
    expect(chat.last.url).toBe(`${CHAT_ORIGIN}/tenant/chat/a?b=/../c`)
    await browser.fetch('/../../other')
    expect(chat.last.url).toBe(`${CHAT_ORIGIN}/tenant/chat/other`)
    await browser.fetch('https://chat.contoso.example//elsewhere.example/x')
    expect(chat.last.url.startsWith(`${CHAT_ORIGIN}/tenant/chat/`)).toBe(true)
  })

  test('behind the route: the same address, past the Worker', async () => {
    const requests: string[] = []
    const { entrada } = aGuardedChat({
      settings: { ORIGIN_URL: null, SKIP_AUTH_ROUTES: 'GET /public/*' },
      hosts: {
        'https://chat.contoso.example': (request) => {
          requests.push(request.url)
          return new Response('x')
        },
      },
    })
    await entrada.fetch('/public/x?y=1')
    expect(requests).toEqual(['https://chat.contoso.example/public/x?y=1'])
  })

  test('on a custom domain without ORIGIN_URL: a circle, and said to be one', async () => {
    let hops = 0
    const { entrada } = aGuardedChat({
      settings: { ORIGIN_URL: null },
      hosts: {
        'https://chat.contoso.example': async (request) => {
          hops += 1
          return entrada.fetch(request)
        },
      },
    })
    const browser = entrada.browser()
    await browser.signIn(CAST.adele.userPrincipalName).catch(() => undefined)
    hops = 0
    const page = await browser.open('/')
    expect(page.status).toBe(503)
    expect(page.text).toContain('Use a route rather than a custom domain')
    expect(hops).toBe(1)
  })

  test('in a service binding, which wins over ORIGIN_URL', async () => {
    const requests: Request[] = []
    const { entrada, chat } = aGuardedChat({
      originService: (request) => {
        requests.push(request)
        return new Response('x')
      },
    })
    const browser = entrada.browser()
    await browser.signIn(CAST.adele.userPrincipalName)
    await browser.fetch('/api')
    expect(chat.requests).toEqual([])
    expect(requests.at(-1)?.url).toBe('https://chat.contoso.example/api')
    expect(requests.at(-1)?.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
  })
})
