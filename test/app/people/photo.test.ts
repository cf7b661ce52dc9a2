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

async function loaded(searcher: Searcher, path: string): Promise<Response> {
  return searcher.browser.load(`/.entrada${path}`, 'image')
}

describe('a photo', () => {
  test('is shown as it is, for this browser and this user alone', async () => {
    const adele = await aSearcher()
    const response = await loaded(adele, pathOf(CAST.megan.id))
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
  ])('of size %s is at least that large', async (size, width) => {
    const adele = await aSearcher()
    const response = await loaded(adele, pathOf(CAST.megan.id, `?size=${size}`))
    expect(widthOf(await bytesOf(response))).toBe(width)
  })

  test('is asked of Graph once, and remembered for each user apart [requirement 88]', async () => {
    const adele = await aSearcher()
    const first = await bytesOf(await loaded(adele, pathOf(CAST.megan.id)))
    await adele.pause(0)
    const again = await bytesOf(await loaded(adele, pathOf(CAST.megan.id)))
    expect(again).toEqual(first)
    expect(adele.roundTrips).toBe(1)
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    await (await loaded(alex, pathOf(CAST.megan.id))).body?.cancel()
    expect(adele.roundTrips).toBe(2)
    await adele.pause(3601)
    await (await loaded(adele, pathOf(CAST.megan.id))).body?.cancel()
    expect(adele.roundTrips).toBe(3)
  })

  test('is kept for nobody where the operator wants nothing kept', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    for (const _ of [1, 2]) await (await loaded(adele, pathOf(CAST.megan.id))).body?.cancel()
    await adele.pause(0)
    expect(adele.roundTrips).toBe(2)
    expect(adele.entrada.platform.count('LOOKUPS')).toBe(0)
  })

  test.each([
    ['a page', 'text/html', '<script>alert(1)</script>'],
    ['a drawing with a script in it', 'image/svg+xml', '<svg onload="alert(1)"/>'],
    ['nothing named', '', 'x'],
  ])('that is %s is not passed on', async (_what, type, body) => {
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
    const response = await loaded(adele, pathOf(CAST.megan.id))
    expect(await problemOf(response)).toMatchObject({ code: 'graph_unexpected' })
  })

  test('of a single pixel stands for none', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
    adele.entrada.internet.answer(hosts.graph, (request) =>
      request.url.endsWith('/$value')
        ? new Response(new Uint8Array(pixel), { headers: { 'content-type': 'image/gif' } })
        : adele.sandbox.fetch(request),
    )
    const response = await loaded(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(await response.text()).toContain('>MB<')
  })

  test('too large to keep is asked for again', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    let asked = 0
    adele.entrada.internet.answer(hosts.graph, () => {
      asked += 1
      const bytes = new Uint8Array(2_000_000)
      return new Response(bytes, { headers: { 'content-type': 'image/jpeg' } })
    })
    for (const _ of [1, 2]) {
      const response = await loaded(adele, pathOf(CAST.megan.id))
      expect((await response.arrayBuffer()).byteLength).toBe(2_000_000)
      await adele.pause(0)
    }
    expect(asked).toBe(2)
  })

  test('that is not there is remembered as well', async () => {
    const adele = await aSearcher()
    expect(await problemOf(await loaded(adele, pathOf(CAST.unal.id)))).toMatchObject({
      status: 404,
      code: 'graph_not_found',
    })
    await adele.pause(0)
    const before = adele.roundTrips
    expect(await problemOf(await loaded(adele, pathOf(CAST.unal.id)))).toMatchObject({
      status: 404,
    })
    expect(adele.roundTrips).toBe(before)
  })
})

describe('initials', () => {
  test('stand in for a photo where they are asked for', async () => {
    const adele = await aSearcher()
    const response = await loaded(adele, pathOf(CAST.unal.id, '?fallback=initials&size=48'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    const svg = await response.text()
    expect(svg).toContain('width="48"')
    expect(svg).toContain('>ÜS<')
  })

  test.each([
    ['throttled', 'graph.throttled'],
    ['out of order', 'graph.outage'],
  ] as const)('stand in while Graph is %s, for a minute', async (_what, fault) => {
    const adele = await aSearcher()
    adele.sandbox.faults.set(fault)
    const response = await loaded(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
    await response.body?.cancel()
    adele.sandbox.faults.clear()
    await adele.pause(60)
    const later = await loaded(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(later.headers.get('content-type')).toBe('image/png')
    await later.body?.cancel()
  })

  test('stand in for a photo that Graph cannot give (400), which is asked for once', async () => {
    const adele = await aSearcher()
    const { hosts } = adele.sandbox
    adele.entrada.internet.answer(hosts.graph, (request) =>
      request.url.endsWith('/$value')
        ? Response.json({ error: { code: 'ErrorInvalidImage' } }, { status: 400 })
        : adele.sandbox.fetch(request),
    )
    const path = pathOf(CAST.megan.id, '?fallback=initials')
    const first = await loaded(adele, path)
    expect(first.headers.get('cache-control')).toBe('private, max-age=3600')
    expect(await first.text()).toContain('>MB<')
    await adele.pause(0)
    adele.entrada.internet.disconnect(hosts.graph)
    expect(await (await loaded(adele, path)).text()).toContain('>MB<')
    expect(await problemOf(await loaded(adele, pathOf(CAST.megan.id)))).toMatchObject({
      status: 404,
      code: 'graph_not_found',
    })
  })

  test('stand in where the permission is missing', async () => {
    const adele = await aSearcher({ scopes: ['People.Read'] })
    const response = await loaded(adele, pathOf(CAST.megan.id, '?fallback=initials'))
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    await response.body?.cancel()
    expect(adele.roundTrips).toBe(0)
  })
})

describe('without initials, a photo is refused', () => {
  test('for want of consent, with where to get it', async () => {
    const adele = await aSearcher({ scopes: [] })
    expect(await problemOf(await adele.fetch(pathOf(CAST.megan.id)))).toMatchObject({
      status: 403,
      code: 'consent_required',
      consentUrl: 'https://chat.contoso.example/.entrada/consent?feature=people&return_to=%2F',
    })
  })

  test('when Graph throttles, with its time to wait [requirement 87]', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 12 })
    const response = await adele.fetch(pathOf(CAST.megan.id))
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(12)
    await response.body?.cancel()
  })

  test.each([
    ['an id that is no GUID', pathOf('me'), 404],
    ['an id that climbs', pathOf('..%2F..%2Fme'), 404],
    ['nobody’s id', pathOf('0a1b6f0e-2f6c-4f6e-8a77-0000000000ff'), 404],
    ['a size beyond all sizes', pathOf(CAST.megan.id, '?size=5000'), 400],
    ['a size in words', pathOf(CAST.megan.id, '?size=large'), 400],
    ['an unknown fallback', pathOf(CAST.megan.id, '?fallback=monster'), 400],
  ])('for %s', async (_what, path, status) => {
    const adele = await aSearcher()
    const response = await adele.fetch(path)
    expect(response.status).toBe(status)
    await response.body?.cancel()
  })

  test('for whoever has no session', async () => {
    const adele = await aSearcher()
    const response = await adele.entrada.fetch(`/.entrada${pathOf(CAST.megan.id)}`)
    expect(response.status).toBe(401)
    await response.body?.cancel()
  })
})

test('everyone who is found has a picture that loads', async () => {
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
