import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import { ADELE_FILES } from '../drives/cast-files.ts'
import { aSandbox, calling, codeOf } from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const json = { 'Content-Type': 'application/json' }

interface Part {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

async function batch(requests: readonly object[], caller = graph): Promise<readonly Part[]> {
  const answer = await caller.post('/v1.0/$batch', { requests })
  expect(answer.status).toBe(200)
  const responses: unknown = answer.body['responses']
  if (!isParts(responses)) throw new TypeError('no responses')
  return responses
}

function isParts(value: unknown): value is readonly Part[] {
  return Array.isArray(value)
}

const get = (id: string, url: string, more = {}) => ({ id, method: 'GET', url, ...more })
const partOf = (parts: readonly Part[], id: string) => parts.find((part) => part.id === id)

test('responses of a batch come in another order than its requests', async () => {
  const parts = await batch(['a', 'b', 'c'].map((id) => get(id, '/me?$select=id')))
  expect(parts.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
})

test('each response has its own status, headers and body', async () => {
  const parts = await batch([
    get('1', '/me?$select=displayName'),
    get('2', 'users?$search="displayName:megan"&$select=id', {
      headers: { ConsistencyLevel: 'eventual' },
    }),
    get('3', '/users?$search="displayName:megan"'),
    get('4', '/users/nobody'),
    {
      id: '5',
      method: 'POST',
      url: '/me/checkMemberGroups',
      headers: json,
      body: { groupIds: [CAST_GROUPS.chatUsers] },
    },
  ])
  expect(partOf(parts, '1')).toMatchObject({ status: 200, body: { displayName: 'Adele Vance' } })
  expect(partOf(parts, '1')?.headers['Content-Type']).toMatch(/^application\/json;odata/)
  expect(partOf(parts, '2')?.body).toMatchObject({ value: [{ id: CAST.megan.id }] })
  expect(partOf(parts, '3')).toMatchObject({
    status: 400,
    body: { error: { code: 'Request_UnsupportedQuery' } },
  })
  expect(partOf(parts, '4')?.status).toBe(404)
  expect(partOf(parts, '5')?.body).toMatchObject({ value: [CAST_GROUPS.chatUsers] })
})

test('the headers of the batch do not apply to its requests', async () => {
  const requests = [get('1', '/users?$search="displayName:megan"')]
  const answer = await graph.post('/v1.0/$batch', { requests }, { consistencylevel: 'eventual' })
  expect(answer.body['responses']).toMatchObject([{ status: 400 }])
})

test('a photo is base64, a redirect has a Location header', async () => {
  const drive = sandbox.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  const item = sandbox.drives.at(drive, ADELE_FILES.text)
  const parts = await batch([
    get('photo', '/me/photos/48x48/$value'),
    get('file', `/drives/${drive.id}/items/${item.id}/content`),
  ])
  expect(partOf(parts, 'photo')?.headers['Content-Type']).toBe('image/png')
  expect(atob(String(partOf(parts, 'photo')?.body)).slice(1, 4)).toBe('PNG')
  const file = partOf(parts, 'file')
  expect(file?.status).toBe(302)
  expect(file?.headers['Location']).toContain(sandbox.hosts.download)
  expect(file).not.toHaveProperty('body')
})

test('throttling applies to requests in a batch, not to the batch', async () => {
  const own = aSandbox()
  own.faults.set('graph.throttled', { times: 2, retryAfterSeconds: 3 })
  const parts = await batch(
    ['a', 'b', 'c'].map((id) => get(id, '/me')),
    calling(own),
  )
  expect(['a', 'b', 'c'].map((id) => partOf(parts, id)?.status)).toEqual([429, 429, 200])
  expect(partOf(parts, 'a')?.headers['Retry-After']).toBe('3')
})

test('requests that depend on a failed one fail, directly and indirectly', async () => {
  const parts = await batch([
    get('a', '/users/nobody'),
    get('b', '/me', { dependsOn: ['A'] }),
    get('c', '/me', { dependsOn: ['b'] }),
    get('d', '/me'),
    get('e', '/me', { dependsOn: ['d'] }),
  ])
  expect(['a', 'b', 'c', 'd', 'e'].map((id) => partOf(parts, id)?.status)).toEqual([
    404, 424, 424, 200, 200,
  ])
})

test.each([
  ['more than 20 parts', Array.from({ length: 21 }, (_, n) => get(String(n), '/me'))],
  ['two ids that differ in case only', [get('a', '/me'), get('A', '/me')]],
  ['a part without a method', [{ id: '1', url: '/me' }]],
  ['a part without an id', [{ method: 'GET', url: '/me' }]],
  ['an id that is a number', [{ id: 1, method: 'GET', url: '/me' }]],
  ['a body without its type', [{ id: '1', method: 'POST', url: '/me/x', body: {} }]],
  ['a type without a body', [{ id: '1', method: 'POST', url: '/me/x', headers: json }]],
  ['a dependency on an unknown request', [get('1', '/me', { dependsOn: ['2'] })]],
])('a batch with %s is refused completely', async (_, requests) => {
  const refused = await graph.post('/v1.0/$batch', { requests })
  expect([refused.status, codeOf(refused)]).toEqual([400, 'BadRequest'])
})

test('20 requests are allowed', async () => {
  expect(await batch(Array.from({ length: 20 }, (_, n) => get(String(n), '/me')))).toHaveLength(20)
})

test('a body that is not a batch is refused', async () => {
  for (const body of [{}, [], 'x', null]) {
    expect((await graph.post('/v1.0/$batch', body)).status).toBe(400)
  }
})

test('a request cannot leave Graph or nest a batch', async () => {
  const parts = await batch([
    get('1', 'https://graph.microsoft.com/v1.0/me'),
    { id: '2', method: 'POST', url: '/$batch', headers: json, body: { requests: [] } },
  ])
  expect(parts.map(({ status }) => status)).toEqual([400, 400])
})

test('a bad token and an outage fail the whole batch', async () => {
  const own = aSandbox()
  const expired = calling(own, { ...CAST.adele, expiresAt: 0 })
  expect((await expired.post('/v1.0/$batch', { requests: [get('1', '/me')] })).status).toBe(401)
  own.faults.set('graph.outage')
  const refused = await calling(own).post('/v1.0/$batch', { requests: [get('1', '/me')] })
  expect(refused.status).toBe(503)
})

test('scopes are checked for each request', async () => {
  const parts = await batch(
    [get('me', '/me'), get('groups', '/groups'), get('people', '/me/people')],
    calling(sandbox, { ...CAST.adele, scopes: ['User.Read'] }),
  )
  expect(['me', 'groups', 'people'].map((id) => partOf(parts, id)?.status)).toEqual([200, 403, 403])
})

test('resource units match the documentation', async () => {
  const units = async (path: string) => (await graph.get(path)).headers.get('x-ms-resource-unit')
  expect(await units('/v1.0/users')).toBe('2')
  expect(await units('/v1.0/users?$select=id&$top=5')).toBe('1')
  expect(await units(`/v1.0/groups/${CAST_GROUPS.chatUsers}/members`)).toBe('3')
  expect(await units(`/v1.0/groups/${CAST_GROUPS.chatUsers}/transitiveMembers?$select=id`)).toBe(
    '4',
  )
})
