import { describe, expect, test } from 'vitest'
import { anEntrada } from '../../support/entrada.ts'

type Verdict = 'redirect' | 'form' | 'refused'

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const

/** Fetch metadata, `Accept` and method: each row is a kind of request, each column a method. */
const MATRIX: readonly (readonly [string, Record<string, string>, readonly Verdict[]])[] = [
  ['a page load', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: HTML }, ['redirect', 'redirect', 'form', 'form', 'form']],
  ['a page load that asks for JSON', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'application/json' }, ['redirect', 'redirect', 'form', 'form', 'form']],
  ['a fetch that accepts HTML', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: HTML }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a same-origin fetch', { 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'empty', accept: '*/*' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['an EventSource', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: 'text/event-stream' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'image/*' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a frame', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', accept: HTML }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a service worker [requirement 55]', { 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker', accept: '*/*' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a manifest [requirement 55]', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'manifest', accept: '*/*' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a prefetched page', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-purpose': 'prefetch', accept: HTML }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a socket', { upgrade: 'websocket', connection: 'Upgrade', 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'empty' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['an old browser’s page load', { accept: HTML }, ['redirect', 'redirect', 'form', 'form', 'form']],
  ['an old browser’s XHR', { accept: HTML, 'x-requested-with': 'XMLHttpRequest' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a program that asks for JSON', { accept: 'application/json' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a program that takes anything', { accept: '*/*' }, ['refused', 'refused', 'refused', 'refused', 'refused']],
  ['a program that says nothing', {}, ['refused', 'refused', 'refused', 'refused', 'refused']],
] // prettier-ignore

const CELLS = MATRIX.flatMap(([kind, headers, verdicts]) =>
  METHODS.map((method, index) => [kind, method, headers, verdicts[index] ?? 'refused'] as const),
)

test('the matrix has at least sixty cells [requirement 50]', () => {
  expect(CELLS.length).toBeGreaterThanOrEqual(60)
})

test.each(CELLS)(
  '%s by %s without a session: %o → %s [requirement 50]',
  async (_kind, method, headers, verdict) => {
    const entrada = anEntrada()
    const response = await entrada.fetch('/api/messages?page=2', {
      method,
      headers,
      ...(method === 'POST' || method === 'PUT' ? { body: 'text=hello' } : {}),
    })
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(entrada.sandbox.journal.to('chat')).toEqual([])
    if (verdict === 'redirect') {
      expect(response.status).toBe(302)
      expect(response.headers.get('location')).toBe(
        'https://chat.contoso.example/.entrada/login?return_to=%2Fapi%2Fmessages%3Fpage%3D2',
      )
      return
    }
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Entrada realm="Entrada"')
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.get('entrada-error')).toBe('session_required')
    if (verdict === 'form') {
      expect(response.headers.get('content-type')).toContain('text/html')
      if (method !== 'HEAD') {
        expect(await response.text()).toContain('What you sent did not reach the chat.')
      }
    } else if (method !== 'HEAD') {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        status: 401,
        code: 'session_required',
        detail: 'You are not signed in, or your session has ended.',
        loginUrl: expect.stringMatching(/^https:\/\/chat\.contoso\.example\/\.entrada\/login/),
        requestId: expect.any(String),
      })
    }
  },
)

describe('a refused request of the chat [requirement 51]', () => {
  test('leads back to the page that sent it, only if that page is of our origin', async () => {
    const entrada = anEntrada()
    const loginUrlFor = async (referer: string) => {
      const response = await entrada.fetch('/api/x', {
        headers: { accept: 'application/json', referer },
      })
      return (await response.json<{ loginUrl: string }>()).loginUrl
    }
    expect(await loginUrlFor('https://chat.contoso.example/c/42?model=x')).toBe(
      'https://chat.contoso.example/.entrada/login?return_to=%2Fc%2F42%3Fmodel%3Dx',
    )
    expect(await loginUrlFor('https://evil.example/c/42')).toBe(
      'https://chat.contoso.example/.entrada/login',
    )
  })

  test('gets the same problem document on each of our endpoints', async () => {
    const entrada = anEntrada()
    for (const path of ['/.entrada/session', '/.entrada/sessions']) {
      const response = await entrada.fetch(path, { headers: { accept: 'application/json' } })
      expect([response.status, response.headers.get('entrada-error')]).toEqual([
        401,
        'session_required',
      ])
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      expect(response.headers.get('www-authenticate')).toMatch(/^Entrada realm=/)
    }
  })

  test('is JSON with an error code and the sign-in address', async () => {
    const entrada = anEntrada()
    for (const path of ['/api/messages', '/.entrada/session']) {
      const response = await entrada.fetch(path, { headers: { accept: 'application/json' } })
      expect(response.status).toBe(401)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        type: 'urn:entrada:problem:session_required',
        code: 'session_required',
        loginUrl: 'https://chat.contoso.example/.entrada/login',
      })
    }
  })
})

test('an unknown path of ours is 404 and never reaches the chat', async () => {
  const entrada = anEntrada()
  for (const path of [
    '/.entrada',
    '/.entrada/',
    '/.entrada/unknown',
    '/.entrada/login/',
    '/.entrada/oidc/authorize',
    '/.Entrada/login',
    '/%2eentrada/login',
    '/.entrada%2flogin',
    '/x/..%2f.entrada/login',
    '/x/..;/.entrada/login',
    '/.entrada/..%2fapi/messages',
    '/.entrada/..%2f..%2fapi/messages/',
    '/oauth/OpenID/callback?code=x',
    '/oauth/openid/callback/?code=x',
  ]) {
    const response = await entrada.fetch(path, { headers: { accept: 'application/json' } })
    expect([path, response.status, response.headers.get('entrada-error')]).toEqual([
      path,
      404,
      'not_found',
    ])
  }
  expect(entrada.sandbox.journal.to('chat')).toEqual([])
})

describe('requests that browsers send by themselves never get HTML [requirement 55]', () => {
  test.each([
    ['a favicon', '/favicon.ico', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a favicon, of an old browser', '/favicon.ico', { accept: 'image/avif,image/webp,*/*;q=0.8' }],
    ['a touch icon', '/apple-touch-icon.png', { accept: '*/*' }],
    ['a worker', '/sw.js', { 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker' }],
    ['a worker, of an old browser', '/sw.js', { accept: '*/*', 'service-worker': 'script' }],
    ['a shared worker', '/worker.js', { 'sec-fetch-dest': 'sharedworker' }],
    ['a manifest', '/app.webmanifest', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'manifest' }],
    ['a manifest, of an old browser', '/manifest.json', { accept: '*/*' }],
    ['a style sheet', '/app.css', { 'sec-fetch-dest': 'style', accept: 'text/css,*/*;q=0.1' }],
    ['a font', '/a.woff2', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'font' }],
    ['a preloaded page', '/', { 'sec-purpose': 'prefetch;prerender', accept: HTML }],
  ])('%s', async (_what, path, headers) => {
    const entrada = anEntrada()
    const response = await entrada.fetch(path, { headers })
    expect([response.status, response.headers.get('location')]).toEqual([401, null])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.text()).not.toContain('<html')
  })
})

test('a form sent without a session gets a page that says it was not forwarded, and no redirect [requirement 52]', async () => {
  const entrada = anEntrada()
  const browser = entrada.browser()
  const page = await browser.post('/c/7/messages', { text: 'a long message' }, entrada.origin)
  expect([page.status, page.hops.length, page.url.pathname]).toEqual([401, 1, '/c/7/messages'])
  expect(page.text).toContain('What you sent did not reach the chat.')
  expect(page.html.querySelector('meta[http-equiv]')).toBeNull()
  expect(browser.cookies.all).toEqual([])
  expect(entrada.sandbox.journal.to('chat')).toEqual([])
  // Sign-in from there is a new page load and never repeats the form.
  const link = page.html.querySelector('a.button')?.getAttribute('href') ?? ''
  expect(new URL(link).pathname).toBe('/.entrada/login')
})
