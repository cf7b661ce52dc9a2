import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { HostHandler, Sandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import {
  aMembershipScene,
  byGroup,
  putAdeleInGroups,
  sessionOf,
  trySignIn,
  trySignInSlowly,
  type MembershipScene,
} from './fixture.ts'

type Fault = (request: Request, healthy: () => Promise<Response>) => Promise<Response> | Response

const EVIL = 'https://graph.evil.example'

async function withNextLink(healthy: () => Promise<Response>, link: string): Promise<Response> {
  const body: object = await (await healthy()).json()
  return Response.json({ ...body, '@odata.nextLink': link })
}

function refusal(status: number, headers: Record<string, string> = {}): Fault {
  return () =>
    Response.json(
      { error: { code: 'Whatever', message: 'Words nobody reads' } },
      { status, headers },
    )
}

/** Every fault of Graph, or of a gateway in front of it, in one response. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'a server error (500)': refusal(500),
  'a bad gateway (502)': refusal(502),
  'an outage (503)': refusal(503),
  'an outage with a Retry-After beyond the time budget (503)': refusal(503, {
    'retry-after': '120',
  }),
  'a gateway timeout (504)': refusal(504),
  'throttling without Retry-After (429)': refusal(429),
  'throttling with a Retry-After beyond the time budget (429)': refusal(429, {
    'retry-after': '60',
  }),
  'a rejected token (401)': refusal(401),
  'a broken connection': () => {
    throw new Error('Network connection lost.')
  },
  silence: () => new Promise(() => {}),
  'an HTML page with status 200': () => new Response('<h1>Please wait</h1>'),
  'half of the JSON': async (_, healthy) => {
    const text = await (await healthy()).text()
    return new Response(text.slice(0, text.length / 2))
  },
  'JSON without a value': () => Response.json({ '@odata.count': 0 }),
  'a value that is no list': () => Response.json({ value: 'everything' }),
  'members without ids': () => Response.json({ value: [{ displayName: 'Wanted' }] }),
  'a redirect': () => Response.redirect(`${EVIL}/v1.0/me`, 302),
  'a link to another host': (_, healthy) =>
    withNextLink(healthy, `${EVIL}/v1.0/me/transitiveMemberOf`),
  'a link to plain http': (_, healthy) =>
    withNextLink(healthy, 'http://graph.microsoft.com/v1.0/me/transitiveMemberOf'),
  'a link that only begins like Graph': (_, healthy) =>
    withNextLink(healthy, 'https://graph.microsoft.com.evil.example/v1.0/me/transitiveMemberOf'),
  'a link to another version': (_, healthy) =>
    withNextLink(healthy, 'https://graph.microsoft.com/beta/me/transitiveMemberOf'),
}

/** A refusal of the first page is not final: the request is then sent in another form. */
const REFUSED: Readonly<Record<string, Fault>> = {
  'a refusal (403)': refusal(403),
  'a bad request (400)': refusal(400),
}

const LATER_FAULTS: Readonly<Record<string, Fault>> = {
  ...FAULTS,
  ...REFUSED,
  'a link back to the first page': (request, healthy) =>
    withNextLink(
      healthy,
      new URL('/v1.0/me/transitiveMemberOf?$select=id&$top=10', request.url).href,
    ),
}

/** Responds in pages of ten and applies a fault to one of them, always or a few times. */
function pagesOfTen(page: number, fault: Fault, times = Number.POSITIVE_INFINITY) {
  let left = times
  return (sandbox: Sandbox): HostHandler => {
    return (request) => {
      const url = new URL(request.url)
      const healthy = async () => sandbox.fetch(new Request(url, request))
      if (!url.pathname.endsWith('/me/transitiveMemberOf')) return healthy()
      url.searchParams.set('$top', '10')
      const token = url.searchParams.get('$skiptoken') ?? ''
      const cursor = Buffer.from(token.slice('RFNwdAoAAQ'.length), 'base64url').toString('latin1')
      const number = token === '' ? 1 : Number(cursor.split('.')[1])
      if (number !== page || left <= 0) return healthy()
      left -= 1
      return fault(request, healthy)
    }
  }
}

async function expectShut(scene: MembershipScene): Promise<void> {
  const { entrada, browser, sandbox } = scene
  const page = await trySignInSlowly(scene, CAST.adele.userPrincipalName)
  expect(page.status).toBe(503)
  expect(page.headers.get('entrada-error')).toBe('membership_unknown')
  expect(page.title).toBe('We could not check whether you have access')
  expect(page.text).not.toContain('Words nobody reads')
  expect(browser.cookies.get('__Host-entrada')).toBeNull()
  expect(await sessionOf(browser)).toBeNull()
  expect(sandbox.journal.to('chat')).toEqual([])
  expect(entrada.logs.events('membership_unknown')).toMatchObject([
    { level: 'audit', userId: CAST.adele.id, at: 'sign_in' },
  ])
}

/** A member of the wanted group among thirty, whose groups come in three pages. */
function adelesScene(graph: (sandbox: Sandbox) => HostHandler): MembershipScene {
  const scene = aMembershipScene({ settings: byGroup('graph'), mayReadGroups: false, graph })
  putAdeleInGroups(scene.sandbox, { count: 30, isMember: true })
  return scene
}

describe('a list of groups in three pages', () => {
  test('is read to its end', async () => {
    const scene = adelesScene(pagesOfTen(0, refusal(500)))
    await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(await sessionOf(scene.browser)).not.toBeNull()
    expect(scene.sandbox.journal.to('graph', '/v1.0/me/transitiveMemberOf')).toHaveLength(3)
  })

  describe.each([1, 2, 3])('with page %i failing by', (page) => {
    test.each(Object.entries(page === 1 ? FAULTS : LATER_FAULTS))(
      '%s admits nobody [requirement 78]',
      async (_, fault) => {
        await expectShut(adelesScene(pagesOfTen(page, fault)))
      },
    )

    test.each([
      ['a server error', refusal(500)],
      ['throttling for a second', refusal(429, { 'retry-after': '1' })],
      ['a broken connection', FAULTS['a broken connection'] ?? refusal(500)],
      ['silence', FAULTS['silence'] ?? refusal(500)],
    ] as const)('is retried after %s', async (_, fault) => {
      const scene = adelesScene(pagesOfTen(page, fault, 1))
      await trySignInSlowly(scene, CAST.adele.userPrincipalName)
      expect(await sessionOf(scene.browser)).not.toBeNull()
    })
  })
})

function spoiling(path: string, fault: Fault) {
  return (sandbox: Sandbox): HostHandler =>
    (request) => {
      const healthy = async () => sandbox.fetch(request)
      return new URL(request.url).pathname.endsWith(path) ? fault(request, healthy) : healthy()
    }
}

describe('the request about the configured groups', () => {
  test.each(Object.entries(FAULTS))(
    'admits nobody when it fails by %s [requirement 78]',
    async (_, fault) => {
      const graph = spoiling('/me/checkMemberGroups', fault)
      await expectShut(aMembershipScene({ settings: byGroup('graph'), graph }))
    },
  )

  test.each([400, 403, 404])('refused with %i is repeated in the other form', async (status) => {
    const graph = spoiling('/me/checkMemberGroups', refusal(status))
    const scene = aMembershipScene({ settings: byGroup('graph'), graph })
    putAdeleInGroups(scene.sandbox, { count: 3, isMember: true })
    await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(await sessionOf(scene.browser)).not.toBeNull()
  })

  test('answered with groups that were not requested admits nobody', async () => {
    const graph = spoiling('/me/checkMemberGroups', () =>
      Response.json({ value: ['0f1b6f0e-2f6c-4f6e-8a77-0000000000ff'] }),
    )
    const scene = aMembershipScene({ settings: byGroup('graph'), graph })
    const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('not_a_member')
  })
})

describe('the request for the group of a name', () => {
  test.each(Object.entries({ ...FAULTS, ...REFUSED }))(
    'admits nobody when it fails by %s [requirement 78]',
    async (_, fault) => {
      const graph = spoiling('/groups', fault)
      await expectShut(aMembershipScene({ settings: byGroup('graph', 'Chat Users'), graph }))
    },
  )
})

describe('the request for the person’s own profile', () => {
  const faults = Object.entries({ ...FAULTS, ...REFUSED })
  // A profile has a single page.
  test.each(faults.filter(([name]) => !name.startsWith('a link')))(
    'where guests are refused, failing by %s, admits nobody',
    async (_, fault) => {
      const scene = aMembershipScene({
        settings: { ALLOW_GUESTS: 'false' },
        graph: spoiling('/me', fault),
      })
      scene.sandbox.registration = { ...scene.sandbox.registration, optionalClaims: [] }
      await expectShut(scene)
    },
  )
})

describe('a retry of Graph', () => {
  test('ends within the time budget, however long Graph does not respond', async () => {
    const scene = aMembershipScene({ settings: byGroup('graph') })
    scene.sandbox.faults.set('graph.hang')
    const before = clock.now()
    await trySignInSlowly(scene, CAST.adele.userPrincipalName)
    expect(clock.now() - before).toBeLessThan(20_000)
    expect(scene.sandbox.journal.to('graph').length).toBeLessThanOrEqual(4)
  })

  test('reads all of 1,000 groups, not only the first 999 [requirement 78]', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto'), mayReadGroups: false })
    putAdeleInGroups(scene.sandbox, { count: 1000, isMember: true })
    scene.sandbox.faults.set('graph.partial_page')
    await expectShut(scene)
  })

  test('waits for the Retry-After of Graph, or names the waiting time on the page', async () => {
    const scene = aMembershipScene({ settings: byGroup('graph') })
    scene.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 60 })
    const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('membership_unknown')
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThanOrEqual(60)
    expect(scene.sandbox.journal.to('graph')).toHaveLength(1)
  })
})

describe('the page for a failed membership check', () => {
  test('offers another sign-in, which works once Graph answers', async () => {
    const scene = aMembershipScene({ settings: byGroup('graph') })
    putAdeleInGroups(scene.sandbox, { count: 3, isMember: true })
    scene.sandbox.faults.set('graph.outage')
    await trySignInSlowly(scene, CAST.adele.userPrincipalName)
    expect(scene.browser.page.html.querySelector('a.button')?.text).toBe('Try again')
    scene.sandbox.faults.clear()
    const page = await clock.runOut(scene.browser.click('a.button'))
    expect(page.status).toBe(200)
    expect(await sessionOf(scene.browser)).not.toBeNull()
  })
})
