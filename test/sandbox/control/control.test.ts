import { beforeEach, describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { FAULTS } from '../faults.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox({ people: 10, groups: 0 })
})

function ask(path: string, init: RequestInit = {}) {
  return sandbox.fetch(
    new Request(`${sandbox.hosts.control}${path}`, { redirect: 'manual', ...init }),
  )
}

describe('the page', () => {
  const submit = (
    path: string,
    fields: Record<string, string> = {},
    origin = sandbox.hosts.control,
  ) => ask(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin } })

  test('names every fault, and says in words what it does', async () => {
    const page = await (await ask('/')).text()
    for (const name of Object.keys(FAULTS)) expect(page).toContain(`>${name}</code>`)
    expect(page).toContain('the token endpoint answers after <code>delayMs</code>')
  })

  test('a form switches a fault on, with its limits, and off again', async () => {
    const fields = { times: '2', delayMs: '1500', retryAfterSeconds: '', userId: CAST.megan.id }
    const response = await submit('/faults/graph.slow/on', fields)
    expect([response.status, response.headers.get('location')]).toEqual([303, '/#graph.slow'])
    expect(sandbox.faults.list().get('graph.slow')).toEqual({
      times: 2,
      delayMs: 1500,
      userId: CAST.megan.id,
    })
    expect(await (await ask('/')).text()).toContain('for 2 more · 1500 ms · only megan')
    await submit('/faults/graph.slow/off')
    expect(sandbox.faults.list().size).toBe(0)
  })

  test('without limits it stays on until everything is switched off', async () => {
    await submit('/faults/entra.outage/on')
    await submit('/faults/picker.blank/on')
    expect(sandbox.faults.list().get('entra.outage')).toEqual({ times: Number.POSITIVE_INFINITY })
    expect(await (await ask('/')).text()).toContain('Turn off 2')
    await submit('/faults/off')
    expect(sandbox.faults.list().size).toBe(0)
  })

  test('another site cannot switch anything', async () => {
    const response = await submit('/faults/entra.outage/on', {}, 'https://evil.example')
    expect(response.status).toBe(403)
    expect(sandbox.faults.list().size).toBe(0)
  })

  test('malformed settings are refused', async () => {
    expect((await submit('/faults/entra.unknown/on')).status).toBe(404)
    expect((await submit('/faults/graph.slow/on', { times: 'often' })).status).toBe(400)
  })
})

describe('the API', () => {
  const put = (name: string, body = '') => ask(`/faults/${name}`, { method: 'PUT', body })

  test('lists all faults, on or off', async () => {
    await put('entra.outage')
    const { faults } = (await (await ask('/faults')).json()) as {
      faults: { name: string; on: boolean }[]
    }
    expect(faults.map(({ name }) => name)).toEqual(Object.keys(FAULTS))
    expect(faults.filter(({ on }) => on)).toEqual([
      { name: 'entra.outage', description: FAULTS['entra.outage'], on: true, times: null },
    ])
  })

  test('a setting counts down as the handlers take it', async () => {
    await put('graph.throttled', JSON.stringify({ times: 2, retryAfterSeconds: 7 }))
    expect(sandbox.faults.take('graph.throttled')).toMatchObject({ retryAfterSeconds: 7 })
    expect(sandbox.faults.list().get('graph.throttled')?.times).toBe(1)
  })

  test('switches one off, or all', async () => {
    await put('entra.outage')
    await put('graph.outage')
    expect((await ask('/faults/entra.outage', { method: 'DELETE' })).status).toBe(200)
    expect([...sandbox.faults.list().keys()]).toEqual(['graph.outage'])
    expect((await ask('/faults', { method: 'DELETE' })).status).toBe(204)
    expect(sandbox.faults.list().size).toBe(0)
  })

  test.each([
    ['an unknown fault', 'entra.unknown', '', 404],
    ['a count of nothing', 'entra.outage', '{"times":0}', 400],
    ['an unknown field', 'entra.outage', '{"often":true}', 400],
    ['what is not JSON', 'entra.outage', 'twice', 400],
  ])('refuses %s', async (_what, name, body, status) => {
    expect((await put(name, body)).status).toBe(status)
    expect(sandbox.faults.list().size).toBe(0)
  })
})

describe('the list of requests', () => {
  test('shows what was asked of the sandbox and leaves secrets out', async () => {
    const search = encodeURIComponent('"displayName:meg"')
    await sandbox.fetch(new Request(`${sandbox.hosts.graph}/v1.0/users?$search=${search}`))
    await sandbox.fetch(
      new Request(`${sandbox.hosts.download}/_layouts/15/download.aspx?tempauth=v1.secret`),
    )
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'secret',
      client_secret: 'secret',
    })
    await sandbox.fetch(
      new Request(`${sandbox.hosts.login}/tenant/oauth2/v2.0/token`, { method: 'POST', body }),
    )
    const page = await (await ask('/')).text()
    const { requests } = (await (await ask('/requests')).json()) as { requests: unknown[] }
    for (const text of [page, JSON.stringify(requests)]) {
      expect(text).not.toContain('secret=secret')
      expect(text).not.toContain('v1.secret')
      expect(text).toContain('tempauth=…')
    }
    expect(requests).toEqual([
      expect.objectContaining({
        host: 'login',
        form: 'grant_type=refresh_token  refresh_token=…  client_secret=…',
      }),
      expect.objectContaining({ host: 'download', query: 'tempauth=…' }),
      expect.objectContaining({
        host: 'graph',
        path: '/v1.0/users',
        query: '$search="displayName:meg"',
      }),
    ])
  })

  test('updates while it is open', async () => {
    const response = await ask('/requests/stream')
    const body: ReadableStream<Uint8Array> | null = response.body
    const reader = body?.getReader()
    const next = reader?.read()
    await sandbox.fetch(new Request(`${sandbox.hosts.chat}/whoami`))
    const event = new TextDecoder().decode((await next)?.value)
    await reader?.cancel()
    expect(event).toContain('"path":"/whoami"')
  })
})
