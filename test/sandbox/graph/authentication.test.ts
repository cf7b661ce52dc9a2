import { expect, test, vi } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { aSandbox, calling, codeOf } from './graph-caller.ts'
import { aString } from './matchers.ts'

const sandbox = aSandbox()

test('a token for another resource is refused', async () => {
  const { sharePoint } = sandbox.hosts
  const refused = await calling(sandbox, { ...CAST.adele, audience: sharePoint }).get('/v1.0/me')
  expect([refused.status, codeOf(refused)]).toEqual([401, 'InvalidAuthenticationToken'])
})

test('a token expires after an hour', async () => {
  const graph = calling(sandbox, { ...CAST.adele, expiresAt: Date.now() + 1000 })
  expect((await graph.get('/v1.0/me')).status).toBe(200)
  vi.useFakeTimers({ now: Date.now() + 1000, toFake: ['Date'] })
  const refused = await graph.get('/v1.0/me')
  vi.useRealTimers()
  expect([refused.status, codeOf(refused)]).toEqual([401, 'InvalidAuthenticationToken'])
})

test.each([
  ['no header', undefined],
  ['no token of ours', 'Bearer eyJ'],
  ['Basic', 'Basic YTpi'],
])(
  'a request with %s is refused and names the authorization endpoint',
  async (_, authorization) => {
    const headers = new Headers(authorization === undefined ? {} : { authorization })
    const url = `${sandbox.hosts.graph}/v1.0/me`
    const refused = await sandbox.fetch(new Request(url, { headers }))
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="", authorization_uri="${sandbox.hosts.login}/common/oauth2/authorize"`,
    )
  },
)

test('a token of a deleted user is refused', async () => {
  const own = aSandbox()
  const graph = calling(own)
  own.tenants.find(({ tenantId }) => tenantId === CONTOSO)?.removePerson(CAST.adele.id)
  expect((await graph.get('/v1.0/me')).status).toBe(401)
})

test('every answer carries its ids, and the caller’s own client-request-id comes back', async () => {
  const id = '4f2a36cf-9e5a-4f0b-9d8a-0e6f5f2f6a11'
  const graph = calling(sandbox)
  const good = await graph.get('/v1.0/me', { 'client-request-id': id })
  expect(good.headers.get('client-request-id')).toBe(id)
  expect(good.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(Date.parse(good.headers.get('date') ?? '')).toBeGreaterThan(0)
  const bad = await graph.get('/v1.0/users/nobody', { 'client-request-id': id })
  expect(bad.body).toEqual({
    error: {
      code: 'Request_ResourceNotFound',
      message: aString(/'nobody'/),
      innerError: {
        date: aString(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        'request-id': bad.headers.get('request-id'),
        'client-request-id': id,
      },
    },
  })
})

test('a claims challenge has Microsoft’s format', async () => {
  const own = aSandbox()
  own.faults.set('graph.claims_challenge', { times: 1 })
  const challenged = await calling(own).get('/v1.0/me')
  expect(challenged.status).toBe(401)
  const [, claims = ''] =
    /^Bearer realm="", authorization_uri="[^"]+", error="insufficient_claims", claims="([^"]+)"$/.exec(
      challenged.headers.get('www-authenticate') ?? '',
    ) ?? []
  expect(JSON.parse(atob(claims))).toEqual({
    access_token: { nbf: { essential: true, value: aString(/^\d{10}$/) } },
  })
  expect((await calling(own).get('/v1.0/me')).status).toBe(200)
})

test.each([
  ['graph.outage', 503, 'serviceNotAvailable'],
  ['graph.throttled', 429, 'TooManyRequests'],
  ['graph.token_rejected', 401, 'InvalidAuthenticationToken'],
] as const)('%s answers %i', async (fault, status, code) => {
  const own = aSandbox()
  own.faults.set(fault, { times: 1, retryAfterSeconds: 7 })
  const answer = await calling(own).get('/v1.0/me')
  expect([answer.status, codeOf(answer)]).toEqual([status, code])
  if (status !== 401) expect(answer.headers.get('retry-after')).toBe('7')
  expect((await calling(own).get('/v1.0/me')).status).toBe(200)
})

test('a fault may apply to one user only', async () => {
  const own = aSandbox()
  own.faults.set('graph.outage', { userId: CAST.megan.id })
  expect((await calling(own, CAST.megan).get('/v1.0/me')).status).toBe(503)
  expect((await calling(own, CAST.adele).get('/v1.0/me')).status).toBe(200)
})

test('the file API has its own throttling error', async () => {
  const own = aSandbox()
  own.faults.set('graph.throttled')
  const answer = await calling(own).get('/v1.0/me/drive')
  expect(codeOf(answer)).toBe('activityLimitReached')
  expect(answer.headers.get('retry-after')).toBe('10')
})

test('a hanging Graph ends the request when the client aborts', async () => {
  const own = aSandbox()
  own.faults.set('graph.hang')
  const controller = new AbortController()
  const pending = calling(own).raw('/v1.0/me', { signal: controller.signal })
  controller.abort()
  await expect(pending).rejects.toThrow('the client went away')
})

test('a slow Graph answers after the delay', async () => {
  const own = aSandbox()
  own.faults.set('graph.slow', { delayMs: 30 })
  const started = performance.now()
  expect((await calling(own).get('/v1.0/me')).status).toBe(200)
  expect(performance.now() - started).toBeGreaterThan(25)
})

test('only v1.0 exists, and unknown paths are bad requests', async () => {
  const graph = calling(sandbox)
  expect(codeOf(await graph.get('/beta/me'))).toBe('BadRequest')
  const unknown = await graph.get('/v1.0/me/nothing')
  expect([unknown.status, codeOf(unknown)]).toEqual([400, 'BadRequest'])
})

test('a user of another tenant gets the directory of that tenant', async () => {
  const [, fabrikam] = sandbox.tenants
  const felix = { ...CAST.felix, tenantId: fabrikam?.tenantId ?? '' }
  const graph = calling(sandbox, felix)
  expect((await graph.get('/v1.0/me')).body['displayName']).toBe('Felix Henderson')
  expect((await graph.get(`/v1.0/users/${CAST.adele.id}`)).status).toBe(404)
  const drive = await graph.get('/v1.0/me/drive')
  expect([drive.status, codeOf(drive)]).toEqual([400, 'BadRequest'])
})
