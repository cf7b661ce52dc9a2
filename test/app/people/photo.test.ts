import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aSearcher, type Searcher } from './searcher-fixture.ts'
import { problemOf } from '../../support/scene.ts'

const pathOf = (id: string, query = '') => `/people/${id}/photo${query}`

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer())
}

/** PNG: width in the IHDR chunk. */
function widthOf(png: Uint8Array): number {
  return new DataView(png.buffer).getUint32(16)
}

async function loadImage(searcher: Searcher, path: string): Promise<Response> {
  return searcher.browser.load(`/.entrada${path}`, 'image')
}

describe('a photo', () => {
  test('is sent unchanged, and cached for this browser and this user alone', async () => {
    const adele = await aSearcher()
    const response = await loadImage(adele, pathOf(CAST.megan.id))
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'private, max-age=3600',
      vary: 'cookie',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(widthOf(await bytesOf(response))).toBe(96)
  })

  test.each([
    ['48', 48],
    ['50', 64],
    ['120', 120],
  ])('of size %s has at least that size', async (size, width) => {
    const adele = await aSearcher()
    const response = await loadImage(adele, pathOf(CAST.megan.id, `?size=${size}`))
    expect(widthOf(await bytesOf(response))).toBe(width)
  })

  test('is fetched from Graph once, and cached for each user separately [requirement 88]', async () => {
    const adele = await aSearcher()
    const first = await bytesOf(await loadImage(adele, pathOf(CAST.megan.id)))
    await adele.pause(0)
    const again = await bytesOf(await loadImage(adele, pathOf(CAST.megan.id)))
    expect(again).toEqual(first)
    expect(adele.roundTrips).toBe(1)
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    await (await loadImage(alex, pathOf(CAST.megan.id))).body?.cancel()
    expect(adele.roundTrips).toBe(2)
    await adele.pause(3601)
    await (await loadImage(adele, pathOf(CAST.megan.id))).body?.cancel()
    expect(adele.roundTrips).toBe(3)
  })

  test('is not cached when LOOKUP_CACHE_SECONDS is 0', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    for (const _ of [1, 2]) await (await loadImage(adele, pathOf(CAST.megan.id))).body?.cancel()
    await adele.pause(0)
    expect(adele.roundTrips).toBe(2)
    expect(adele.entrada.platform.count('LOOKUPS')).toBe(0)
  })

  test.each([
    ['an HTML page', 'text/html', '<script>alert(1)</script>'],
    ['an SVG with a script', 'image/svg+xml', '<svg onload="alert(1)"/>'],
    ['a body without media type', '', 'x'],
  ])('that is %s is refused', async (_what, type, body) => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    const padded = body.padEnd(500)
    adele.entrada.internet.answer(
      hosts.graph,
      () =>
        new Response(new TextEncoder().encode(padded), {
          headers: type === '' ? {} : { 'content-type': type },
        }),
    )
    const response = await loadImage(adele, pathOf(CAST.megan.id))
    expect(await problemOf(response)).toMatchObject({ code: 'graph_unexpected' })
  })

  test('of a single pixel counts as none', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
    adele.entrada.internet.answer(hosts.graph, (request) =>
      request.url.endsWith('/$value')
        ? new Response(new Uint8Array(pixel), { headers: { 'content-type': 'image/gif' } })
        : adele.sandbox.fetch(request),
    )
    const response = await loadImage(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(await response.text()).toContain('>MB<')
  })

  test('too large for the cache is fetched again', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    let asked = 0
    adele.entrada.internet.answer(hosts.graph, () => {
      asked += 1
      const bytes = new Uint8Array(2_000_000)
      return new Response(bytes, { headers: { 'content-type': 'image/jpeg' } })
    })
    for (const _ of [1, 2]) {
      const response = await loadImage(adele, pathOf(CAST.megan.id))
      expect((await response.arrayBuffer()).byteLength).toBe(2_000_000)
      await adele.pause(0)
    }
    expect(asked).toBe(2)
  })

  test('that does not exist is cached as missing', async () => {
    const adele = await aSearcher()
    expect(await problemOf(await loadImage(adele, pathOf(CAST.unal.id)))).toMatchObject({
      status: 404,
      code: 'graph_not_found',
    })
    await adele.pause(0)
    const before = adele.roundTrips
    expect(await problemOf(await loadImage(adele, pathOf(CAST.unal.id)))).toMatchObject({
      status: 404,
    })
    expect(adele.roundTrips).toBe(before)
  })
})

describe('initials', () => {
  test('replace a missing photo on request', async () => {
    const adele = await aSearcher()
    const response = await loadImage(adele, pathOf(CAST.unal.id, '?fallback=initials&size=48'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    const svg = await response.text()
    expect(svg).toContain('width="48"')
    expect(svg).toContain('>ÜS<')
  })

  test.each([
    ['throttled', 'graph.throttled'],
    ['down', 'graph.outage'],
  ] as const)('replace a photo for a minute while Graph is %s', async (_what, fault) => {
    const adele = await aSearcher()
    adele.sandbox.faults.set(fault)
    const response = await loadImage(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
    await response.body?.cancel()
    adele.sandbox.faults.clear()
    await adele.pause(60)
    const later = await loadImage(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(later.headers.get('content-type')).toBe('image/png')
    await later.body?.cancel()
  })

  test('replace a photo that Graph cannot scale (400), which is requested once', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    adele.entrada.internet.answer(hosts.graph, (request) =>
      request.url.endsWith('/$value')
        ? Response.json({ error: { code: 'ErrorInvalidImage' } }, { status: 400 })
        : adele.sandbox.fetch(request),
    )
    const path = pathOf(CAST.megan.id, '?fallback=initials')
    const first = await loadImage(adele, path)
    expect(first.headers.get('cache-control')).toBe('private, max-age=3600')
    expect(await first.text()).toContain('>MB<')
    await adele.pause(0)
    adele.entrada.internet.disconnect(hosts.graph)
    expect(await (await loadImage(adele, path)).text()).toContain('>MB<')
    expect(await problemOf(await loadImage(adele, pathOf(CAST.megan.id)))).toMatchObject({
      status: 404,
      code: 'graph_not_found',
    })
  })

  test('replace a photo without permission to read it', async () => {
    const adele = await aSearcher({ scopes: ['People.Read'] })
    const response = await loadImage(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    await response.body?.cancel()
    expect(adele.roundTrips).toBe(0)
  })
})

describe('without initials, a photo is refused', () => {
  test('without consent, with the URL to give it', async () => {
    const adele = await aSearcher({ scopes: [] })
    expect(await problemOf(await adele.fetch(pathOf(CAST.megan.id)))).toMatchObject({
      status: 403,
      code: 'consent_required',
      consentUrl: 'https://chat.contoso.example/.entrada/consent?feature=people&return_to=%2F',
    })
  })

  test('when Graph throttles, with the time to wait [requirement 87]', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 12 })
    const response = await adele.fetch(pathOf(CAST.megan.id))
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(12)
    await response.body?.cancel()
  })

  test.each([
    ['an id that is no GUID [requirement 87]', pathOf('me'), 404],
    ['an id with a path in it [requirement 87]', pathOf('..%2F..%2Fme'), 404],
    ['an unknown id', pathOf('0a1b6f0e-2f6c-4f6e-8a77-0000000000ff'), 404],
    ['a size above the largest', pathOf(CAST.megan.id, '?size=5000'), 400],
    ['a size that is not a number', pathOf(CAST.megan.id, '?size=large'), 400],
    ['an unknown fallback', pathOf(CAST.megan.id, '?fallback=monster'), 400],
  ])('for %s', async (_what, path, status) => {
    const adele = await aSearcher()
    const response = await adele.fetch(path)
    expect(response.status).toBe(status)
    await response.body?.cancel()
  })

  test('without a session', async () => {
    const adele = await aSearcher()
    const response = await adele.entrada.fetch(`/.entrada${pathOf(CAST.megan.id)}`)
    expect(response.status).toBe(401)
    await response.body?.cancel()
  })
})

test('the avatar of every person found loads', async () => {
  const adele = await aSearcher()
  const { results } = await adele.search('ma')
  const users = results.filter(({ type }) => type === 'user')
  expect(users.length).toBeGreaterThan(3)
  for (const { avatar } of users) {
    const response = await adele.browser.load(avatar ?? '', 'image')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^image\/(?:png|svg\+xml)$/)
    await response.body?.cancel()
  }
})
