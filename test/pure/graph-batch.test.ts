import { afterEach, describe, expect, test, vi } from 'vitest'
import { callBatch, type BatchRequest } from '../../src/graph/batch.ts'
import { Graph, type GraphTokens } from '../../src/graph/graph.ts'
import type { AccessTokenOptions } from '../../src/entra/access-token.ts'
import { CAST, CONTOSO } from '../sandbox/directory/cast.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

interface World {
  readonly sandbox: Sandbox
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly asked: (AccessTokenOptions | undefined)[]
}

/** Graph's client against the sandbox. */
function aWorld(
  answer: (request: Request, sandbox: Sandbox) => Response | Promise<Response> = (
    request,
    sandbox,
  ) => sandbox.fetch(request),
): World {
  const sandbox = createSandbox({ people: 20, groups: 2 })
  vi.stubGlobal('fetch', async (input: RequestInfo, init?: RequestInit) =>
    answer(new Request(input, init), sandbox),
  )
  const asked: (AccessTokenOptions | undefined)[] = []
  const tokens: GraphTokens = async (options) => {
    asked.push(options)
    const value = sandbox.accessTokens.mint({
      tenantId: CONTOSO,
      userId: CAST.adele.id,
      clientId: sandbox.registration.clientId,
      audience: sandbox.hosts.graph,
      scopes: ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'],
      expiresAt: Date.now() + 3_600_000,
    })
    return { resource: 'graph', value, expiresAt: Date.now() / 1000 + 3600, scopes: [] }
  }
  return { sandbox, graph: new Graph(sandbox.hosts.graph), tokens, asked }
}

const ask = (id: string, path: string, bucket = 'contoso/directory'): BatchRequest => ({
  id,
  path,
  bucket,
})
const ME = ask('me', '/me?$select=displayName')
const NOBODY = ask('nobody', '/users/0a1b6f0e-2f6c-4f6e-8a77-0000000000ff')

describe('a batch', () => {
  test('answers requests by id in any order, and lets one fail alone', async () => {
    const { graph, tokens, sandbox } = aWorld()
    const answers = await callBatch(graph, tokens, [ME, NOBODY, ask('people', '/me/people?$top=1')])
    expect([...answers.keys()].toSorted()).toEqual(['me', 'nobody', 'people'])
    expect(answers.get('me')).toMatchObject({ ok: true, body: { displayName: 'Adele Vance' } })
    expect(answers.get('nobody')).toMatchObject({
      ok: false,
      error: { status: 404, codes: ['Request_ResourceNotFound'] },
    })
    expect(sandbox.journal.to('graph')).toHaveLength(1)
  })

  test('sends a request’s body as JSON', async () => {
    const { graph, tokens } = aWorld()
    const answers = await callBatch(graph, tokens, [
      {
        ...ask('ids', '/directoryObjects/getByIds?$select=displayName'),
        method: 'POST',
        body: { ids: [CAST.megan.id], types: ['user'] },
      },
    ])
    expect(answers.get('ids')).toMatchObject({
      ok: true,
      body: { value: [{ displayName: 'Megan Bowen' }] },
    })
  })

  test('fails every request when Graph refuses the whole batch', async () => {
    const { graph, tokens, sandbox } = aWorld()
    sandbox.faults.set('graph.outage')
    const answers = await callBatch(graph, tokens, [ME, NOBODY])
    expect([...answers.values()].map((answer) => !answer.ok && answer.error.status)).toEqual([
      503, 503,
    ])
  })

  test('fails a request that the response leaves out', async () => {
    const { graph, tokens } = aWorld(async (request, sandbox) => {
      const response = await sandbox.fetch(request)
      const body: { responses: { id: string }[] } = JSON.parse(await response.text())
      return Response.json({ responses: body.responses.filter(({ id }) => id !== 'me') })
    })
    const answers = await callBatch(graph, tokens, [ME, NOBODY])
    expect(answers.get('me')).toMatchObject({ ok: false, error: { status: 502 } })
  })

  test.each([
    ['HTML', new Response('<h1>Bad gateway</h1>', { headers: { 'content-type': 'text/html' } })],
    ['something else', Response.json({ value: [] })],
  ])('answered with %s becomes graph_unexpected', async (_what, response) => {
    const { graph, tokens } = aWorld(() => response.clone())
    await expect(callBatch(graph, tokens, [ME])).rejects.toMatchObject({ code: 'graph_unexpected' })
  })

  test('is not sent without requests', async () => {
    const { graph, tokens, sandbox } = aWorld()
    expect((await callBatch(graph, tokens, [])).size).toBe(0)
    expect(sandbox.journal.to('graph')).toHaveLength(0)
  })

  test('accepts at most 20 requests, as Graph does', async () => {
    const { graph, tokens } = aWorld()
    const many = Array.from({ length: 21 }, (_, index) => ask(`me${index}`, '/me'))
    await expect(callBatch(graph, tokens, many)).rejects.toThrow(RangeError)
  })
})

describe('a refused token', () => {
  test('is renewed once when one request refuses it, and only that one is sent again', async () => {
    const sent: string[][] = []
    const { graph, tokens, asked } = aWorld(async (request, sandbox) => {
      const body: { requests: { id: string }[] } = JSON.parse(await request.clone().text())
      sent.push(body.requests.map(({ id }) => id))
      const response = await sandbox.fetch(request)
      if (sent.length > 1) return response
      const answer: { responses: { id: string }[] } = JSON.parse(await response.text())
      const claims = btoa(JSON.stringify({ access_token: { nbf: { essential: true } } }))
      const challenge = `Bearer error="insufficient_claims", claims="${claims}"`
      const refused = {
        id: 'me',
        status: 401,
        headers: { 'WWW-Authenticate': challenge },
        body: {},
      }
      return Response.json({
        responses: answer.responses.map((part) => (part.id === 'me' ? refused : part)),
      })
    })
    const answers = await callBatch(graph, tokens, [ME, NOBODY])
    expect(sent.map((ids) => ids.toSorted())).toEqual([['me', 'nobody'], ['me']])
    expect(answers.get('me')).toMatchObject({ ok: true, body: { displayName: 'Adele Vance' } })
    expect(asked).toEqual([
      undefined,
      {
        refused: expect.stringContaining('sandbox-access-'),
        claims: '{"access_token":{"nbf":{"essential":true}}}',
      },
    ])
  })

  test('is renewed once when Graph refuses the whole batch', async () => {
    const { graph, tokens, sandbox, asked } = aWorld()
    sandbox.faults.set('graph.token_rejected')
    const answers = await callBatch(graph, tokens, [ME])
    expect(answers.get('me')).toMatchObject({ ok: false, error: { status: 401 } })
    expect(sandbox.journal.to('graph')).toHaveLength(2)
    expect(asked).toHaveLength(2)
  })
})

describe('a paused bucket', () => {
  test('gets an error without being sent, and the others are sent', async () => {
    const { graph, tokens, sandbox } = aWorld()
    sandbox.faults.set('graph.throttled', { times: 1, retryAfterSeconds: 30 })
    const first = await callBatch(graph, tokens, [ME])
    expect(first.get('me')).toMatchObject({ ok: false, error: { status: 429, retryAfter: 30 } })
    const again = await callBatch(graph, tokens, [
      ME,
      ask('people', '/me/people', 'contoso/insights'),
    ])
    expect(again.get('me')).toMatchObject({ ok: false, error: { status: 429, codes: ['paused'] } })
    expect(again.get('people')).toMatchObject({ ok: true })
    await callBatch(graph, tokens, [ME])
    expect(sandbox.journal.to('graph')).toHaveLength(2)
  })
})

describe('a bearer token', () => {
  test.each([
    ['another host', 'https://graph.microsoft.com.evil.example/v1.0/me'],
    ['another scheme', 'http://graph.microsoft.com/v1.0/me'],
    ['another port', 'https://graph.microsoft.com:8443/v1.0/me'],
    ['another version', 'https://graph.microsoft.com/beta/me'],
    ['credentials in front', 'https://graph.microsoft.com@evil.example/v1.0/me'],
    ['a way out of the version', '/../beta/me'],
    ['a way out of the host', '//evil.example/v1.0/me'],
  ])('is not sent to %s, whatever a next link says', async (_what, path) => {
    const { graph, tokens, sandbox } = aWorld()
    const request = graph.call(tokens, { path })
    const outcome = await request.then(
      () => sandbox.journal.to('unknown').length,
      (cause: unknown) => cause,
    )
    // Either refused, or sent to Graph as a path that does not exist.
    if (outcome !== 0) expect(outcome).toMatchObject({ code: expect.stringMatching(/^graph_/) })
    for (const { url } of sandbox.journal.all) {
      expect(url.origin).toBe('https://graph.microsoft.com')
      expect(url.pathname.startsWith('/v1.0/')).toBe(true)
    }
  })
})
