import * as v from 'valibot'
import { expect } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import type { TestSettings } from '../../support/entrada.ts'
import { ALL_SCOPES, aSearcher, type Searcher } from './searcher-fixture.ts'

export const PATH = '/api/permissions/search-principals'
export const BEARER = 'Bearer a-token-of-the-chat-itself'

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

export const MEGAN: LocalResult = {
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

export async function bodyOf(response: Response): Promise<Body> {
  return v.parse(Body, await response.json())
}

export async function aChat(
  options: {
    readonly scopes?: readonly string[]
    readonly settings?: TestSettings
    readonly sandbox?: Sandbox
  } = {},
): Promise<{ readonly chat: LibreChat; readonly user: Searcher }> {
  const { scopes = ALL_SCOPES, settings = {}, sandbox = createSandbox() } = options
  const chat = new LibreChat()
  const user = await aSearcher({
    sandbox,
    scopes,
    settings: { ORIGIN_PRESET: 'librechat', ...settings },
  })
  user.entrada.internet.answer(sandbox.hosts.chat, chat.answer)
  return { chat, user }
}

export async function asked(
  user: Searcher,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { authorization: BEARER },
): Promise<Response> {
  return user.browser.fetch(`${PATH}?${new URLSearchParams(parameters)}`, { headers })
}

export async function found(
  user: Searcher,
  parameters: Readonly<Record<string, string>>,
): Promise<Body> {
  const response = await asked(user, parameters)
  expect(response.status).toBe(200)
  return bodyOf(response)
}

export const namesOf = ({ results }: Body) => results.map(({ name }) => name)
