import axios from 'axios'
import { dataService, PrincipalType, principalSchema } from 'librechat-data-provider'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../sandbox/directory/cast.ts'
import { createSandbox } from '../sandbox/sandbox.ts'
import type { TestSettings } from '../support/entrada.ts'
import { ALL_SCOPES, aSearcher, type Searcher } from './people-searcher.ts'

const PATH = '/api/permissions/search-principals'
const BEARER = 'Bearer a-token-of-the-chat-itself'

interface LocalResult {
  readonly id: string | null
  readonly type: 'user' | 'group' | 'role'
  readonly name: string
  readonly email?: string
  readonly username?: string
  readonly provider?: string
  readonly source: 'local' | 'entra'
  readonly idOnTheSource?: string
  readonly memberCount?: number
}

/** LibreChat as far as this one path goes: its checks, its order, its shapes. */
class LibreChat {
  readonly records: LocalResult[] = []
  readonly requests: Request[] = []
  /** What the user's role may look for; none is LibreChat's default for users. */
  allowed: readonly string[] = ['user', 'group', 'role']
  /** Newer versions name the types they searched; older ones repeat the question. */
  namesTypes = true

  answer = async (request: Request): Promise<Response> => {
    this.requests.push(request)
    const { searchParams } = new URL(request.url)
    if (request.headers.get('authorization') !== BEARER) {
      return Response.json({ error: 'Unauthorized', message: 'No auth token' }, { status: 401 })
    }
    const wanted = (searchParams.get('types') ?? 'user,group,role').split(',')
    const types = wanted.filter((type) => this.allowed.includes(type))
    if (types.length === 0) {
      const message = 'Insufficient permissions to search for principals'
      return Response.json({ error: 'Forbidden', message }, { status: 403 })
    }
    const query = (searchParams.get('q') ?? '').trim()
    if (query.length < 2) {
      const error = 'Query must be at least 2 characters long'
      return Response.json({ error }, { status: 400 })
    }
    const limit = Math.min(Math.max(1, Number(searchParams.get('limit') ?? '20') || 10), 50)
    const results = this.records
      .filter(({ type }) => types.includes(type))
      .filter(({ name, email, username }) =>
        [name, email, username].some((text) => text?.toLowerCase().includes(query.toLowerCase())),
      )
      .slice(0, limit)
    const body = {
      query,
      limit,
      types: this.namesTypes ? types : searchParams.has('types') ? wanted : null,
      results,
      count: results.length,
      sources: { local: results.length, entra: 0 },
    }
    return Response.json(body, {
      headers: { etag: 'W/"1"', 'x-powered-by': 'Express', 'content-length': '' },
    })
  }
}

const MEGAN: LocalResult = {
  id: '66f0c0ffee66f0c0ffee0001',
  type: 'user',
  name: 'Megan B.',
  email: 'megan.bowen@contoso.example',
  username: 'megan',
  provider: 'openid',
  source: 'local',
  idOnTheSource: CAST.megan.id,
}

const Body = v.object({
  query: v.string(),
  limit: v.number(),
  types: v.nullable(v.array(v.string())),
  results: v.array(
    v.looseObject({
      name: v.string(),
      type: v.string(),
      id: v.nullable(v.string()),
      source: v.string(),
    }),
  ),
  count: v.number(),
  sources: v.strictObject({ local: v.number(), entra: v.number() }),
})
type Body = v.InferOutput<typeof Body>

async function bodyOf(response: Response): Promise<Body> {
  return v.parse(Body, await response.json())
}

async function aChat(
  options: { readonly scopes?: readonly string[]; readonly settings?: TestSettings } = {},
): Promise<{ readonly chat: LibreChat; readonly user: Searcher }> {
  const { scopes = ALL_SCOPES, settings = {} } = options
  const chat = new LibreChat()
  const sandbox = createSandbox()
  const user = await aSearcher({
    sandbox,
    scopes,
    settings: { ORIGIN_PRESET: 'librechat', ...settings },
  })
  user.entrada.internet.answer(sandbox.hosts.chat, chat.answer)
  return { chat, user }
}

async function asked(
  user: Searcher,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { authorization: BEARER },
): Promise<Response> {
  return user.browser.fetch(`${PATH}?${new URLSearchParams(parameters)}`, { headers })
}

async function found(user: Searcher, parameters: Readonly<Record<string, string>>): Promise<Body> {
  const response = await asked(user, parameters)
  expect(response.status).toBe(200)
  return bodyOf(response)
}

const namesOf = ({ results }: Body) => results.map(({ name }) => name)

describe('the merged list', () => {
  test('holds who is in the chat and who is in the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({
      ...MEGAN,
      idOnTheSource: 'a-local-one',
      name: 'Diego Local',
      email: 'd@x.example',
    })
    const body = await found(user, { q: 'diego' })
    expect(body.results.map(({ name, source, id }) => [name, source, id])).toEqual([
      ['Diego Local', 'local', MEGAN.id],
      ['Diego Siciliani', 'entra', null],
    ])
    expect(body).toMatchObject({ count: 2, sources: { local: 1, entra: 1 }, query: 'diego' })
  })

  test('folds who is in both into the chat’s own entry, by object id', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([MEGAN])
    expect(body.sources).toEqual({ local: 1, entra: 0 })
  })

  test('folds by address, in whatever case, without giving the chat an id it did not have', async () => {
    const { chat, user } = await aChat()
    const { idOnTheSource: _, ...withoutId } = MEGAN
    chat.records.push({ ...withoutId, email: 'Megan.Bowen@Contoso.Example' })
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([{ ...withoutId, email: 'Megan.Bowen@Contoso.Example' }])
  })

  test('is not filled by weak matches of the chat’s own', async () => {
    const { chat, user } = await aChat()
    for (let index = 0; index < 50; index++) {
      chat.records.push({
        ...MEGAN,
        id: `x${index}`,
        idOnTheSource: `x${index}`,
        name: `Nutmegan ${index}`,
        email: `n${index}@x.example`,
      })
    }
    const body = await found(user, { q: 'megan', limit: '10' })
    expect(namesOf(body)[0]).toBe('Megan Bowen')
    expect(body.results).toHaveLength(10)
    expect(body.sources).toEqual({ local: 9, entra: 1 })
  })

  test('keeps to the limit, whatever each side found', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    const body = await found(user, { q: 'ma', limit: '5' })
    expect(body.limit).toBe(5)
    expect(body.results.length).toBeLessThanOrEqual(5)
    expect(body.count).toBe(body.results.length)
  })

  test('has directory groups and the chat’s roles and groups', async () => {
    const { chat, user } = await aChat()
    chat.records.push(
      { id: 'g1', type: 'group', name: 'Chat testers', source: 'local', memberCount: 3 },
      { id: 'r1', type: 'role', name: 'CHAT_ADMIN', source: 'local' },
    )
    const body = await found(user, { q: 'chat' })
    expect(namesOf(body)).toEqual(
      expect.arrayContaining(['Chat testers', 'CHAT_ADMIN', 'Chat Users', 'Chat Administrators']),
    )
    const users = body.results.find(({ name }) => name === 'Chat Users')
    expect(users).toMatchObject({ id: null, type: 'group', idOnTheSource: CAST_GROUPS.chatUsers })
  })

  test('takes in what LibreChat itself found in the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({ ...MEGAN, id: null, source: 'entra' })
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([{ ...MEGAN, id: null, source: 'entra' }])
    expect(body.sources).toEqual({ local: 0, entra: 1 })
  })
})

describe('LibreChat decides', () => {
  test('who it is: its own bearer reaches it, and ours never does', async () => {
    const { chat, user } = await aChat()
    await found(user, { q: 'megan' })
    const [request] = chat.requests
    expect(request?.headers.get('authorization')).toBe(BEARER)
    expect(request?.headers.get('cookie') ?? '').not.toContain('entrada')
  })

  test.each([
    ['401 without its bearer', {}, { q: 'megan' }, 401, 'Unauthorized'],
    ['400 for one letter', { authorization: BEARER }, { q: 'm' }, 400, 'Query must be'],
  ])('with %s, as it says it', async (_what, headers, parameters, status, text) => {
    const { user } = await aChat()
    const response = await asked(user, parameters, headers)
    expect(response.status).toBe(status)
    const body = await response.text()
    expect(body).toContain(text)
    expect(body).not.toContain('Bowen')
  })

  test('who may search: its 403 tells nothing of the directory', async () => {
    const { chat, user } = await aChat()
    chat.allowed = []
    const response = await asked(user, { q: 'megan' })
    expect(response.status).toBe(403)
    expect(await response.text()).toBe(
      '{"error":"Forbidden","message":"Insufficient permissions to search for principals"}',
    )
  })

  test('what for: types it leaves out stay out', async () => {
    const { chat, user } = await aChat()
    chat.allowed = ['user']
    const body = await found(user, { q: 'ch' })
    expect(new Set(body.results.map(({ type }) => type))).not.toContain('group')
    expect(body.types).toEqual(['user'])
  })

  test('and a question about roles alone is not put to the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({ id: 'r1', type: 'role', name: 'MEGANS', source: 'local' })
    const body = await found(user, { q: 'megan', types: 'role' })
    expect(namesOf(body)).toEqual(['MEGANS'])
    expect(user.roundTrips).toBe(0)
  })

  test('in an older version, which repeats the question, all that was asked for', async () => {
    const { chat, user } = await aChat()
    chat.namesTypes = false
    const body = await found(user, { q: 'chat' })
    expect(body.types).toBeNull()
    expect(namesOf(body)).toContain('Chat Users')
  })
})

describe('whatever becomes of the directory, the chat’s own people are found', () => {
  test.each([
    [
      'throttled',
      'graph.throttled',
      'people=throttled, users=throttled, groups=throttled, local=ok',
    ],
    ['down', 'graph.outage', 'people=failed, users=failed, groups=failed, local=ok'],
  ] as const)('when it is %s', async (_what, fault, status) => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    user.sandbox.faults.set(fault)
    const response = await asked(user, { q: 'megan' })
    expect(response.headers.get('entrada-people-status')).toBe(status)
    expect(response.headers.has('retry-after')).toBe(status.includes('throttled'))
    expect((await bodyOf(response)).results).toEqual([MEGAN])
  })

  test('when nobody has consented', async () => {
    const { chat, user } = await aChat({ scopes: [] })
    chat.records.push(MEGAN)
    const response = await asked(user, { q: 'megan' })
    expect(response.headers.get('entrada-people-status')).toContain('users=consent_needed')
    expect((await bodyOf(response)).results).toEqual([MEGAN])
  })

  test('when the search is switched off', async () => {
    const { chat, user } = await aChat({ settings: { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' } })
    chat.records.push(MEGAN)
    expect(namesOf(await found(user, { q: 'megan' }))).toEqual(['Megan B.'])
    expect(user.roundTrips).toBe(0)
  })
})

describe('the answer as HTTP', () => {
  test('is never taken for unchanged, nor described by what it was before', async () => {
    const { chat, user } = await aChat()
    const response = await asked(
      user,
      { q: 'megan' },
      { authorization: BEARER, 'if-none-match': 'W/"1"', 'accept-encoding': 'zstd, br' },
    )
    // The runtime would not take apart what a browser may.
    expect(chat.requests[0]?.headers.get('accept-encoding')).toBe('gzip')
    expect(chat.requests[0]?.headers.get('if-none-match')).toBeNull()
    expect(response.headers.get('etag')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-powered-by')).toBe('Express')
    await response.body?.cancel()
  })

  test('of another shape is passed on as it came', async () => {
    const { user } = await aChat()
    user.entrada.internet.answer(user.sandbox.hosts.chat, () => Response.json({ hits: [1, 2] }))
    const response = await asked(user, { q: 'megan' })
    expect(await response.json()).toEqual({ hits: [1, 2] })
  })

  test('comes from the chat alone under another preset, and for another method', async () => {
    const { chat, user } = await aChat({ settings: { ORIGIN_PRESET: 'generic' } })
    await found(user, { q: 'megan' })
    expect(chat.requests).toHaveLength(1)
    expect(user.roundTrips).toBe(0)
  })

  test('needs a session with Entrada first', async () => {
    const { chat, user } = await aChat()
    const response = await user.entrada.fetch(`${PATH}?q=megan`, {
      headers: { authorization: BEARER },
    })
    expect(response.status).toBe(401)
    await response.body?.cancel()
    expect(chat.requests).toEqual([])
  })
})

describe('LibreChat’s own client', () => {
  let restore = (): void => {}
  beforeEach(() => {
    const { adapter } = axios.defaults
    restore = () => {
      Object.assign(axios.defaults, { adapter })
    }
  })
  afterEach(() => restore())

  test('searches through Entrada, and makes principals of what it finds', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    axios.defaults.adapter = async (config) => {
      const response = await user.browser.fetch(String(config.url), {
        headers: { authorization: BEARER },
      })
      return {
        data: await response.text(),
        status: response.status,
        statusText: response.statusText,
        headers: Object.fromEntries(response.headers),
        config,
      }
    }
    const answer = await dataService.searchPrincipals({
      q: 'me',
      limit: 30,
      types: [PrincipalType.USER, PrincipalType.GROUP],
    })
    expect(answer).toMatchObject({ query: 'me', limit: 30, types: ['user', 'group'] })
    expect(answer.count).toBe(answer.results.length)
    expect(answer.results.length).toBeGreaterThan(1)
    expect(answer.results.some(({ source }) => source === 'entra')).toBe(true)
    for (const { id, ...result } of answer.results) {
      // As its client does when somebody is chosen.
      const principal = { ...result, ...(id === null || id === undefined ? {} : { id }) }
      const parsed = principalSchema.strict().safeParse(withoutAccount(principal))
      expect(parsed.error?.issues ?? []).toEqual([])
    }
  })
})

/** Search results carry two properties that principals do not have. */
function withoutAccount(result: object): object {
  return Object.fromEntries(
    Object.entries(result).filter(([name]) => name !== 'username' && name !== 'provider'),
  )
}
