import { describe, expect, test } from 'vitest'
import {
  aChat,
  BEARER,
  bodyOf,
  found,
  MEGAN,
  namesOf,
  PATH,
  searchChat,
} from './librechat-fixture.ts'

/* LibreChat's own response is kept. Entrada only adds results of the directory. */

describe('LibreChat decides', () => {
  test('who the user is: it receives its own bearer token and no cookie of Entrada', async () => {
    const { chat, user } = await aChat()
    await found(user, { q: 'megan' })
    const [request] = chat.requests
    expect(request?.headers.get('authorization')).toBe(BEARER)
    expect(request?.headers.get('cookie') ?? '').not.toContain('entrada')
  })

  test.each([
    ['401 without its bearer', {}, { q: 'megan' }, 401, 'Unauthorized'],
    ['400 for one letter', { authorization: BEARER }, { q: 'm' }, 400, 'Query must be'],
  ])('on errors: %s is passed on unchanged', async (_what, headers, parameters, status, text) => {
    const { user } = await aChat()
    const response = await searchChat(user, parameters, headers)
    expect(response.status).toBe(status)
    const body = await response.text()
    expect(body).toContain(text)
    expect(body).not.toContain('Bowen')
  })

  test('who may search: its 403 is passed on without results of the directory', async () => {
    const { chat, user } = await aChat()
    chat.allowed = []
    const response = await searchChat(user, { q: 'megan' })
    expect(response.status).toBe(403)
    expect(await response.text()).toBe(
      '{"error":"Forbidden","message":"Insufficient permissions to search for principals"}',
    )
  })

  test('which types are searched: types it leaves out stay out', async () => {
    const { chat, user } = await aChat()
    chat.allowed = ['user']
    const body = await found(user, { q: 'ch' })
    expect(new Set(body.results.map(({ type }) => type))).not.toContain('group')
    expect(body.types).toEqual(['user'])
  })

  test('alone about roles, which are not requested from the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({ id: 'r1', type: 'role', name: 'MEGANS', source: 'local' })
    const body = await found(user, { q: 'megan', types: 'role' })
    expect(namesOf(body)).toEqual(['MEGANS'])
    expect(user.roundTrips).toBe(0)
  })

  test('which types are searched in older versions too, which repeat the requested types', async () => {
    const { chat, user } = await aChat()
    chat.namesTypes = false
    const body = await found(user, { q: 'chat' })
    expect(body.types).toBeNull()
    expect(namesOf(body)).toContain('Chat Users')
  })
})

describe('the chat’s own people are found', () => {
  test.each([
    [
      'throttled',
      'graph.throttled',
      'people=throttled, users=throttled, groups=throttled, local=ok',
    ],
    ['down', 'graph.outage', 'people=failed, users=failed, groups=failed, local=ok'],
  ] as const)('when the directory is %s', async (_what, fault, status) => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    user.sandbox.faults.set(fault)
    const response = await searchChat(user, { q: 'megan' })
    expect(response.headers.get('entrada-people-status')).toBe(status)
    expect(response.headers.has('retry-after')).toBe(status.includes('throttled'))
    expect((await bodyOf(response)).results).toEqual([MEGAN])
  })

  test('without consent', async () => {
    const { chat, user } = await aChat({ scopes: [] })
    chat.records.push(MEGAN)
    const response = await searchChat(user, { q: 'megan' })
    expect(response.headers.get('entrada-people-status')).toContain('users=consent_needed')
    expect((await bodyOf(response)).results).toEqual([MEGAN])
  })

  test('when people search is off', async () => {
    const { chat, user } = await aChat({ settings: { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' } })
    chat.records.push(MEGAN)
    expect(namesOf(await found(user, { q: 'megan' }))).toEqual(['Megan B.'])
    expect(user.roundTrips).toBe(0)
  })
})

describe('the response', () => {
  test('has no validator, and the request asks for no 304 and no zstd', async () => {
    const { chat, user } = await aChat()
    const response = await searchChat(
      user,
      { q: 'megan' },
      { authorization: BEARER, 'if-none-match': 'W/"1"', 'accept-encoding': 'zstd, br' },
    )
    // The runtime does not decompress every encoding that a browser does.
    expect(chat.requests[0]?.headers.get('accept-encoding')).toBe('gzip')
    expect(chat.requests[0]?.headers.get('if-none-match')).toBeNull()
    expect(response.headers.get('etag')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-powered-by')).toBe('Express')
    await response.body?.cancel()
  })

  test('has Entrada’s security headers', async () => {
    const { user } = await aChat()
    const { headers } = await searchChat(user, { q: 'megan' }, { authorization: BEARER })
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
    })
  })

  test('of another shape is passed on unchanged', async () => {
    const { user } = await aChat()
    user.entrada.internet.answer(user.sandbox.hosts.chat, () => Response.json({ hits: [1, 2] }))
    const response = await searchChat(user, { q: 'megan' })
    expect(await response.json()).toEqual({ hits: [1, 2] })
  })

  test('is the chat’s own under another preset', async () => {
    const { chat, user } = await aChat({ settings: { ORIGIN_PRESET: 'generic' } })
    await found(user, { q: 'megan' })
    expect(chat.requests).toHaveLength(1)
    expect(user.roundTrips).toBe(0)
  })

  test('is the chat’s own for another method', async () => {
    const { chat, user } = await aChat()
    const headers = { authorization: BEARER }
    const response = await user.browser.fetch(`${PATH}?q=megan`, { method: 'POST', headers })
    await response.body?.cancel()
    expect(chat.requests).toHaveLength(1)
    expect(user.roundTrips).toBe(0)
  })

  test('requires a session of Entrada', async () => {
    const { chat, user } = await aChat()
    const response = await user.entrada.fetch(`${PATH}?q=megan`, {
      headers: { authorization: BEARER },
    })
    expect(response.status).toBe(401)
    await response.body?.cancel()
    expect(chat.requests).toEqual([])
  })
})
