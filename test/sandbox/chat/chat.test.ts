import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox({ people: 10, groups: 0 })
})

const ADELE = {
  'x-forwarded-user': CAST.adele.id,
  'x-forwarded-name': 'Adele Vance',
  'x-forwarded-email': 'adele.vance@contoso.example',
  'x-forwarded-groups': 'one, two',
}

function ask(path: string, init: RequestInit = {}) {
  return sandbox.fetch(new Request(`${sandbox.hosts.chat}${path}`, init))
}

describe('the page', () => {
  test('greets the person by the name in the identity headers', async () => {
    const page = await (await ask('/', { headers: ADELE })).text()
    expect(page).toContain('Hello, Adele')
    expect(page).toContain('adele.vance@contoso.example')
    expect(page).toContain('data-access="entrada"')
  })

  test('reads percent-encoded names, and a lone percent sign', async () => {
    const headers = {
      ...ADELE,
      'x-forwarded-name': encodeURIComponent('Ünal, "Ops" O\'Hara & Söhne'),
    }
    const page = await (await ask('/', { headers })).text()
    expect(page).toContain('Ünal, &quot;Ops&quot; O&#39;Hara &amp; Söhne')
    const odd = await (
      await ask('/', { headers: { ...ADELE, 'x-forwarded-name': '100% Adele' } })
    ).text()
    expect(odd).toContain('100% Adele')
  })

  test('escapes markup in a name', async () => {
    const headers = {
      ...ADELE,
      'x-forwarded-name': '%3Cimg%20src=x%20onerror=alert(1)%3E {{email}}',
    }
    const page = await (await ask('/', { headers })).text()
    expect(page).not.toContain('<img src=x')
    expect(page).toContain('{{email}}')
  })

  test('says that no identity was sent', async () => {
    expect(await (await ask('/')).text()).toContain('data-access="direct"')
  })

  test('runs only its own scripts, connects only to its own origin, and cannot be framed', async () => {
    const policy = (await ask('/')).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
  })

  test('serves every file it refers to, with an ETag that revalidates', async () => {
    const page = await (await ask('/')).text()
    const names = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+|\/manifest[^"]+)"/g)]
    expect(names.length).toBeGreaterThan(5)
    for (const [, name] of names) {
      const file = await ask(name ?? '')
      expect([name, file.status]).toEqual([name, 200])
      const again = await ask(name ?? '', {
        headers: { 'if-none-match': file.headers.get('etag') ?? '' },
      })
      expect(again.status).toBe(304)
    }
  })
})

test('/whoami returns the identity headers and the decoded assertion, and no cookie', async () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const assertion = `${part({ alg: 'RS256', kid: '1' })}.${part({ sub: CAST.adele.id })}.c2ln`
  const headers = { ...ADELE, 'entrada-assertion': assertion, cookie: '__Host-entrada=secret' }
  const response = await ask('/whoami', { headers })
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({
    told: { id: CAST.adele.id, name: 'Adele Vance', groups: ['one', 'two'] },
    assertion: { header: { alg: 'RS256', kid: '1' }, payload: { sub: CAST.adele.id } },
  })
  expect(text).not.toContain('secret')
  expect(text).not.toContain('c2ln')
})

describe('a message', () => {
  const send = (message: unknown, headers: Record<string, string> = ADELE) =>
    ask('/api/chat', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(message),
    })

  async function said(response: Response): Promise<string> {
    const text = await response.text()
    const words = [...text.matchAll(/^event: word\ndata: (.+)$/gm)]
    return words.map(([, data]) => (JSON.parse(data ?? '') as { text: string }).text).join('')
  }

  test('is answered one word at a time', async () => {
    const response = await send({
      message: 'one two three',
      people: ['Megan Bowen'],
      attachments: [],
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const answer = await said(response)
    expect(answer).toContain('3 words from you, about Megan Bowen')
    expect(answer).toContain('no Entrada cookie and no Microsoft token')
  })

  test('lists the files that came with it', async () => {
    const upload = await ask('/api/upload?name=notes.txt', {
      method: 'POST',
      body: 'Remember the milk.',
    })
    const { id } = (await upload.json()) as { id: string }
    const answer = await said(await send({ message: 'look', people: [], attachments: [id] }))
    expect(answer).toContain('notes.txt arrived complete: 18 bytes')
  })

  test.each([
    ['a cookie of Entrada', () => ({ cookie: '__Host-entrada=x' })],
    ['a Microsoft token', () => ({ authorization: `Bearer ${sandbox.accessTokens.mint(GRANT)}` })],
  ])('reports a leak when %s reaches the chat', async (_what, leak) => {
    const message = { message: 'look', people: [], attachments: [] }
    expect(await said(await send(message, { ...ADELE, ...leak() }))).not.toContain(
      'no Microsoft token',
    )
  })

  test('of another shape is refused', async () => {
    expect((await send({ message: 3 })).status).toBe(400)
    expect((await ask('/api/chat', { method: 'POST', body: 'not json' })).status).toBe(400)
  })
})

const GRANT = {
  tenantId: CONTOSO,
  userId: CAST.adele.id,
  clientId: 'client',
  audience: 'https://graph.microsoft.com',
  scopes: [],
  expiresAt: 0,
}

test('counts and hashes an upload while it streams in', async () => {
  const chunk = new Uint8Array(65_536).fill(7)
  let left = 100
  const body = new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk)
      else controller.close()
    },
  })
  const init = { method: 'POST', body, duplex: 'half' }
  const response = await ask('/api/upload?name=big.bin', init)
  const hash = createHash('sha256')
  for (let index = 0; index < 100; index += 1) hash.update(chunk)
  expect(await response.json()).toMatchObject({
    name: 'big.bin',
    bytes: 6_553_600,
    sha256: hash.digest('hex'),
  })
})

describe('endpoints for proxy tests', () => {
  test('/echo returns method, path, headers and body, and only the names of cookies', async () => {
    const headers = { cookie: 'theme=dark; app=1', 'x-probe': 'here' }
    const response = await ask('/echo?q=1', { method: 'PUT', headers, body: 'abc' })
    expect(await response.json()).toMatchObject({
      method: 'PUT',
      path: '/echo?q=1',
      cookies: ['theme', 'app'],
      headers: { 'x-probe': 'here', cookie: 'theme; app' },
      body: { bytes: 3 },
    })
  })

  test('/redirect, /cookies and /large do what their names say', async () => {
    const redirect = await ask('/redirect?to=/whoami')
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/whoami'])
    expect((await ask('/cookies')).headers.getSetCookie()).toHaveLength(3)
    const large = await ask('/large?bytes=100001')
    expect(large.headers.get('content-length')).toBe('100001')
    expect((await large.arrayBuffer()).byteLength).toBe(100_001)
  })

  test('/sse sends the requested number of events', async () => {
    const text = await (await ask('/sse?n=3&ms=1')).text()
    expect(text.match(/^id: \d$/gm)).toEqual(['id: 0', 'id: 1', 'id: 2'])
  })

  test('serves a service worker and a manifest at the root', async () => {
    expect((await ask('/sw.js')).headers.get('content-type')).toContain('javascript')
    expect((await ask('/manifest.webmanifest')).headers.get('content-type')).toBe(
      'application/manifest+json',
    )
    expect(await (await ask('/health')).json()).toEqual({ status: 'ok' })
  })
})
