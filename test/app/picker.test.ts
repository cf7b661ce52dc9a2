import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../sandbox/hosts.ts'
import type { HostHandler } from '../sandbox/sandbox.ts'
import { clock } from '../support/clock.ts'
import { anEntrada } from '../support/entrada.ts'
import { aFilesScene, problemOf, type FilesScene } from './files-fixture.ts'

const PAGE = '/.entrada/picker?channel=channel-under-test'

/** Of all geographies of the tenant. */
const EVERYWHERE = [
  'https://contoso-my.sharepoint.com',
  'https://contoso.sharepoint.com',
  'https://contosoeur-my.sharepoint.com',
  'https://contosoeur.sharepoint.com',
]

interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

async function askForToken({ browser }: FilesScene, body: unknown): Promise<TokenAnswer> {
  const response = await browser.fetch('/.entrada/picker/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { status, headers } = response
  return { status, headers, body: await problemOf(response) }
}

/** What the page tells its script, and what the browser lets it do. */
async function openPage({ browser }: FilesScene, query = '') {
  const page = await browser.open(`${PAGE}${query}`)
  const policy = page.headers.get('content-security-policy') ?? ''
  const json = page.html.querySelector('#picker')?.getAttribute('data-config') ?? 'null'
  const config: unknown = JSON.parse(json)
  const directives = new Map(
    policy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ')
      return [name, values] as const
    }),
  )
  return { page, config, directives }
}

/** Graph, but for the paths the test answers itself. */
function graphWith(
  scene: () => FilesScene,
  answers: Readonly<Record<string, unknown>>,
): Readonly<Record<string, HostHandler>> {
  return {
    [MICROSOFT_HOSTS.graph]: (request) => {
      const { pathname, search } = new URL(request.url)
      const path = pathname.replace('/v1.0', '') + (search.includes('siteCollection') ? '?geo' : '')
      const answer = answers[path]
      if (answer === undefined) return scene().entrada.sandbox.fetch(request)
      return typeof answer === 'number'
        ? Response.json({ error: { code: 'generalException' } }, { status: answer })
        : Response.json(answer)
    },
  }
}

describe('the picker page', () => {
  test('frames and posts to exactly the user’s hosts [bar 76]', async () => {
    const { page, directives } = await openPage(await aFilesScene())
    expect(page.status).toBe(200)
    expect(directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('form-action')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('frame-ancestors')).toEqual(["'self'"])
    expect(directives.get('default-src')).toEqual(["'none'"])
    expect(directives.get('connect-src')).toEqual(["'self'"])
    expect(directives.get('script-src')).toEqual([expect.stringMatching(/^'nonce-[0-9a-f]{32}'$/)])
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('cross-origin-opener-policy')).toBeNull()
  })

  test('loads nothing from anywhere', async () => {
    const { page } = await openPage(await aFilesScene())
    expect(page.html.querySelectorAll('[src], link, iframe')).toEqual([])
    for (const script of page.html.querySelectorAll('script')) {
      expect(script.getAttribute('nonce')).toMatch(/^[0-9a-f]{32}$/)
    }
    expect(page.html.toString()).not.toContain('sandbox-access')
  })

  test('opens the user’s OneDrive, for files, for reading, without addresses of downloads', async () => {
    const { config } = await openPage(await aFilesScene())
    expect(config).toMatchObject({
      channel: 'channel-under-test',
      publicOrigin: 'https://chat.contoso.example',
      launchUrl: 'https://contoso-my.sharepoint.com/_layouts/15/FilePicker.aspx',
      maxFiles: 10,
      maxFileBytes: 512 * 1_048_576,
      options: {
        sdk: '8.0',
        entry: { oneDrive: { files: {} } },
        authentication: { enabled: true, tokens: { graph: false, sharePoint: true } },
        typesAndSources: { mode: 'files', access: { mode: 'read' } },
        selection: { mode: 'multiple', maximumCount: 10 },
        commands: {
          pick: { action: 'select' },
          upload: { enabled: false },
          createFolder: { enabled: false },
        },
      },
    })
    expect(JSON.stringify(config)).not.toContain('urls')
  })

  test.each([
    ['&start=recent', { options: { entry: { oneDrive: { recent: {} } } } }],
    [
      '&start=sites',
      {
        launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
        options: { entry: { sharePoint: {} } },
      },
    ],
    ['&mode=single', { maxFiles: 1, options: { selection: { mode: 'single' } } }],
    ['&max=3', { maxFiles: 3, options: { selection: { maximumCount: 3 } } }],
    ['&max=999', { maxFiles: 10 }],
    [
      '&types=.PDF,%20.docx,photo',
      { options: { typesAndSources: { filters: ['.pdf', '.docx', 'photo'] } } },
    ],
    ['&locale=de-DE', { locale: 'de-de' }],
    ['&theme=dark', { theme: 'dark' }],
  ])('takes the chat’s wishes: %s', async (query, expected) => {
    const { config } = await openPage(await aFilesScene(), query)
    expect(config).toMatchObject(expected)
  })

  test('speaks the browser’s language when nobody asked for one', async () => {
    const scene = await aFilesScene()
    const page = await scene.browser.open(PAGE, {
      headers: { 'accept-language': 'fr-CA,fr;q=0.9,en;q=0.8' },
    })
    expect(page.html.querySelector('#picker')?.getAttribute('data-config')).toContain('"fr-ca"')
  })

  test.each([
    ['/.entrada/picker', 'no channel'],
    ['/.entrada/picker?channel=short', 'a short channel'],
    ['/.entrada/picker?channel=%22%3E%3Cscript%3Ealert(1)%3C/script%3E', 'markup as channel'],
    [`/.entrada/picker?channel=${'x'.repeat(65)}`, 'a long channel'],
    [`${PAGE}&types=<script>`, 'markup as type'],
    [`${PAGE}&types=${'.a,'.repeat(51)}`, 'too many types'],
    [`${PAGE}&max=0`, 'no files at all'],
    [`${PAGE}&max=ten`, 'a word for a number'],
    [`${PAGE}&start=elsewhere`, 'an unknown place'],
    [`${PAGE}&theme=pink`, 'an unknown theme'],
  ])('%s is refused: %s', async (address) => {
    const scene = await aFilesScene()
    const page = await scene.browser.open(address)
    expect(page.status).toBe(400)
    expect(page.headers.get('entrada-error')).toBe('invalid_request')
    expect(page.html.querySelectorAll('script')).toEqual([])
  })
})

test('a picker that cannot be opened is still a page inside a frame', async () => {
  const scene = await aFilesScene()
  const { entra, hosts } = scene.entrada.sandbox
  entra.revokeAdminConsent(hosts.graph, ['Files.Read.All', 'Sites.Read.All'])
  const other = scene.entrada.browser('203.0.113.9')
  await other.signIn(CAST.adele.userPrincipalName)
  const framed = await other.load(PAGE, 'iframe')
  expect(framed.status).toBe(403)
  expect(framed.headers.get('content-type')).toContain('text/html')
  expect(framed.headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
  expect(framed.headers.get('content-security-policy')).toContain("frame-src 'none'")
  const asked = await other.fetch(PAGE)
  expect(await problemOf(asked)).toMatchObject({ code: 'consent_required' })
})

describe('host discovery', () => {
  test('asks Graph once, and again only when an hour has passed', async () => {
    const scene = await aFilesScene()
    const asked = () =>
      scene.entrada.sandbox.journal
        .to('graph')
        .filter(({ url }) => /drive|sites/.test(url.pathname))
    await openPage(scene)
    expect(asked()).toHaveLength(3)
    await openPage(scene)
    await askForToken(scene, { resource: 'https://contoso.sharepoint.com' })
    expect(asked()).toHaveLength(3)
    await clock.advance(3601)
    await openPage(scene)
    expect(asked()).toHaveLength(6)
  })

  test('keeps each user’s hosts apart [bar 88]', async () => {
    const scene = await aFilesScene()
    await openPage(scene)
    scene.entrada.sandbox.journal.clear()
    const other = scene.entrada.browser('203.0.113.8')
    await other.signIn(CAST.megan.userPrincipalName)
    await openPage({ ...scene, browser: other })
    expect(scene.entrada.sandbox.journal.to('graph', '/v1.0/me/drive')).toHaveLength(1)
  })

  test('believes Graph about no host outside SharePoint', async () => {
    const value = [{ webUrl: 'https://evil.example/' }, { webUrl: 'not an address' }]
    const scene: FilesScene = await aFilesScene({
      hosts: graphWith(() => scene, {
        '/sites/root': { webUrl: 'https://sharepoint.evil.example' },
        '/sites?geo': { value },
      }),
    })
    const { config, directives } = await openPage(scene, '&start=sites')
    expect(directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE.slice(0, 2))
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
    })
  })

  test('says so when all Graph names is no host of SharePoint', async () => {
    const scene: FilesScene = await aFilesScene({
      who: 'unal',
      hosts: graphWith(() => scene, {
        '/sites/root': { webUrl: 'https://sharepoint.evil.example' },
        '/sites?geo': 403,
      }),
    })
    const page = await scene.browser.open(PAGE)
    expect([page.status, page.headers.get('entrada-error')]).toEqual([404, 'sharepoint_not_found'])
  })

  test('of a tenant that was renamed is made anew when the page is loaded again', async () => {
    let name = 'contoso'
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: async (request) => {
          const response = await scene.entrada.sandbox.fetch(request)
          if (!/drive|sites/.test(request.url)) return response
          return new Response((await response.text()).replaceAll('contoso', name), response)
        },
      },
    })
    await openPage(scene)
    name = 'wingtip'
    const stale = await openPage(scene)
    expect(stale.directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE)
    const headers = { 'cache-control': 'max-age=0' }
    const page = await scene.browser.open(PAGE, { headers })
    const renamed = EVERYWHERE.map((host) => host.replace('contoso', 'wingtip')).toSorted()
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(/frame-src ([^;]+)/.exec(policy)?.[1]?.split(' ').toSorted()).toEqual(renamed)
    const { directives } = await openPage(scene)
    expect(directives.get('frame-src')?.toSorted()).toEqual(renamed)
  })

  test('that misses a geography is made again in a minute, not in an hour', async () => {
    let answers: Record<string, unknown> = { '/sites?geo': 503 }
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: (request) =>
          graphWith(() => scene, answers)[MICROSOFT_HOSTS.graph]?.(request) ?? Response.error(),
      },
    })
    const hosts = async () => (await openPage(scene)).directives.get('frame-src')?.toSorted()
    expect(await hosts()).toEqual(EVERYWHERE.slice(0, 2))
    answers = {}
    expect(await hosts()).toEqual(EVERYWHERE.slice(0, 2))
    await clock.advance(61)
    expect(await hosts()).toEqual(EVERYWHERE)
    answers = { '/sites?geo': 503 }
    await clock.advance(3601)
    expect(await hosts()).toEqual(EVERYWHERE)
  })

  test('that Graph answers with a challenge is a sign-in, not a person without files', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('graph.claims_challenge')
    const response = await scene.browser.fetch(PAGE)
    expect(response.status).toBe(401)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ code: 'interaction_required' })
    expect(String(problem['loginUrl'])).toContain('step_up=1')
    scene.entrada.sandbox.faults.clear()
    expect((await scene.browser.open(PAGE)).status).toBe(200)
  })

  test('that a policy forbids says so, not that there are no files', async () => {
    const refused = () =>
      Response.json(
        { error: { code: 'accessDenied', innerError: { code: 'networkLocationBlocked' } } },
        { status: 403 },
      )
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: (request) =>
          /drive|sites/.test(request.url) ? refused() : scene.entrada.sandbox.fetch(request),
      },
    })
    const response = await scene.browser.fetch(PAGE)
    expect(response.status).toBe(403)
    expect(await problemOf(response)).toMatchObject({ code: 'file_blocked_by_policy' })
  })

  test('begins with the sites for someone without a OneDrive', async () => {
    const scene = await aFilesScene({ who: 'unal' })
    const { config } = await openPage(scene)
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
      options: { typesAndSources: { pivots: { oneDrive: false, recent: false, site: true } } },
    })
  })

  test('derives the site host from the OneDrive’s where sites may not be listed', async () => {
    const scene: FilesScene = await aFilesScene({
      hosts: graphWith(() => scene, { '/sites/root': 403, '/sites?geo': 403 }),
    })
    const { config, directives } = await openPage(scene, '&start=sites')
    expect(directives.get('frame-src')).toContain('https://contoso.sharepoint.com')
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
    })
  })

  test('says so when there is neither', async () => {
    const scene: FilesScene = await aFilesScene({
      hosts: graphWith(() => scene, { '/me/drive': 400, '/sites/root': 403, '/sites?geo': 403 }),
    })
    const page = await scene.browser.open(PAGE)
    expect(page.status).toBe(404)
    expect(page.headers.get('entrada-error')).toBe('sharepoint_not_found')
  })

  test('says so to a guest, who has no drive here and may not see the sites', async () => {
    const scene = await aFilesScene({ who: 'gustav' })
    const page = await scene.browser.open(PAGE)
    expect(page.status).toBe(404)
    expect(page.headers.get('entrada-error')).toBe('sharepoint_not_found')
  })

  test('uses the configured host, path and all, whatever Graph says', async () => {
    const scene: FilesScene = await aFilesScene({
      settings: { SHAREPOINT_BASE_URL: 'https://contoso.sharepoint.com/sites/Marketing/' },
      hosts: graphWith(() => scene, { '/me/drive': 404, '/sites/root': 403, '/sites?geo': 403 }),
    })
    const { config, directives } = await openPage(scene)
    expect(directives.get('frame-src')).toEqual(['https://contoso.sharepoint.com'])
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/sites/Marketing/_layouts/15/FilePicker.aspx',
      options: { entry: { sharePoint: { byPath: { web: '/sites/Marketing' } } } },
    })
  })

  test('that fails is not remembered, and one that is remembered outlasts an outage', async () => {
    let isDown = true
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: (request) =>
          isDown && /drive|sites/.test(request.url)
            ? Response.json({ error: {} }, { status: 503 })
            : scene.entrada.sandbox.fetch(request),
      },
    })
    expect((await scene.browser.open(PAGE)).status).toBe(503)
    isDown = false
    expect((await scene.browser.open(PAGE)).status).toBe(200)
    isDown = true
    await clock.advance(3601)
    expect((await scene.browser.open(PAGE)).status).toBe(200)
  })
})

describe('in a multi-geo tenant', () => {
  test('someone whose data is elsewhere begins on the host of their own OneDrive', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const { config, directives } = await openPage(scene)
    expect(config).toMatchObject({
      launchUrl: 'https://contosoeur-my.sharepoint.com/_layouts/15/FilePicker.aspx',
      options: { entry: { oneDrive: { files: {} } } },
    })
    expect(directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('form-action')?.toSorted()).toEqual(EVERYWHERE)
    const sites = await openPage(scene, '&start=sites')
    expect(sites.config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
    })
  })

  test.each([
    ['adele', EVERYWHERE.slice(0, 2)],
    ['megan', EVERYWHERE.slice(2)],
  ] as const)(
    'without the right to list sites, the hosts are those of %s’s own geography, and tokens too',
    async (who, hosts) => {
      const scene = await aFilesScene({ who })
      scene.entrada.sandbox.entra.revokeAdminConsent(MICROSOFT_HOSTS.graph, ['Sites.Read.All'])
      const browser = scene.entrada.browser('203.0.113.9')
      await browser.signIn(CAST[who].userPrincipalName)
      const { directives } = await openPage({ ...scene, browser })
      expect(directives.get('frame-src')?.toSorted()).toEqual(hosts)
      const statuses: number[] = []
      for (const resource of EVERYWHERE) {
        statuses.push((await askForToken({ ...scene, browser }, { resource })).status)
      }
      expect(statuses).toEqual(EVERYWHERE.map((host) => (hosts.includes(host) ? 200 : 403)))
    },
  )

  test('each host gets a token of its own, made for no other [bar 90]', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const { accessTokens, journal } = scene.entrada.sandbox
    const tokens = new Set<unknown>()
    for (const resource of EVERYWHERE) {
      const { status, body } = await askForToken(scene, { resource })
      expect(status, resource).toBe(200)
      expect(accessTokens.find(String(body['token']))).toMatchObject({
        audience: resource,
        userId: CAST.megan.id,
      })
      const [redemption] = journal.redemptions('refresh_token').slice(-1)
      expect(redemption?.form.get('scope')?.split(' ')[0]).toBe(`${resource}/.default`)
      tokens.add(body['token'])
    }
    expect(tokens.size).toBe(EVERYWHERE.length)
  })

  test('a host named in capitals is the same host', async () => {
    const scene = await aFilesScene({ who: 'megan' })
    const capitals = await askForToken(scene, { resource: 'https://contosoEUR-my.sharepoint.com' })
    const plain = await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDriveEurope })
    expect([capitals.status, capitals.body]).toEqual([200, plain.body])
  })
})

describe('the token broker', () => {
  test('gives a token for one SharePoint host and says when it ends', async () => {
    const scene = await aFilesScene()
    const { accessTokens } = scene.entrada.sandbox
    for (const resource of [MICROSOFT_HOSTS.sharePoint, MICROSOFT_HOSTS.oneDrive]) {
      const { status, body, headers } = await askForToken(scene, { resource })
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(Object.keys(body).toSorted()).toEqual(['expiresAt', 'token'])
      expect(body['expiresAt']).toBeGreaterThan(Date.now() / 1000 + 60)
      const grant = accessTokens.find(String(body['token']))
      expect(grant).toMatchObject({ audience: resource, userId: CAST.adele.id })
    }
  })

  test('asks for one resource’s own scope in each redemption', async () => {
    const scene = await aFilesScene()
    await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })
    const [redemption] = scene.entrada.sandbox.journal.redemptions('refresh_token').slice(-1)
    expect(redemption?.form.get('scope')?.split(' ')).toContain(
      'https://contoso-my.sharepoint.com/.default',
    )
    expect(redemption?.form.get('scope')).not.toContain('graph')
  })

  test('renews a token the host no longer takes', async () => {
    const scene = await aFilesScene()
    const resource = MICROSOFT_HOSTS.oneDrive
    const first = await askForToken(scene, { resource })
    const same = await askForToken(scene, { resource })
    const renewed = await askForToken(scene, { resource, renew: true })
    expect(same.body['token']).toBe(first.body['token'])
    expect(renewed.body['token']).not.toBe(first.body['token'])
  })

  test('hands a claims challenge on', async () => {
    const scene = await aFilesScene()
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1750000000"}}}'
    await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive, claims })
    const [redemption] = scene.entrada.sandbox.journal.redemptions('refresh_token').slice(-1)
    expect(redemption?.form.get('claims')).toContain('"nbf"')
  })

  test.each([
    [{}],
    [{ resource: 7 }],
    [{ resource: 'x'.repeat(301) }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: 'no json' }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: '[]' }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: `{"x":"${'y'.repeat(5000)}"}` }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, renew: 'yes' }],
    [null],
    ['text'],
  ])('refuses what it does not understand: %j', async (body) => {
    const scene = await aFilesScene()
    const answer = await askForToken(scene, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })

  test('gives nothing to another site, nor to whoever does not say where it is from [bar 73]', async () => {
    const scene = await aFilesScene()
    const cookie = `__Host-entrada=${scene.browser.cookies.get('__Host-entrada')?.value}`
    const minted = scene.entrada.sandbox.accessTokens.minted.length
    const matrix: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
      [{ 'sec-fetch-site': 'same-origin' }, 200],
      [{ origin: 'https://chat.contoso.example' }, 200],
      [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, 403],
      [{ 'sec-fetch-site': 'cross-site', origin: 'https://chat.contoso.example' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{}, 403],
    ]
    for (const [headers, status] of matrix.toReversed()) {
      const response = await scene.entrada.fetch('/.entrada/picker/token', {
        method: 'POST',
        headers: { ...headers, cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ resource: MICROSOFT_HOSTS.oneDrive }),
      })
      expect(response.status, JSON.stringify(headers)).toBe(status)
      await response.body?.cancel()
      if (status === 403) expect(scene.entrada.sandbox.accessTokens.minted).toHaveLength(minted)
    }
  })

  test('does not answer GET', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch('/.entrada/picker/token')
    expect([404, 405]).toContain(response.status)
  })

  test('names the way to consent when there is none for SharePoint', async () => {
    const scene = await aFilesScene()
    const { entra, hosts } = scene.entrada.sandbox
    entra.revokeAdminConsent(hosts.sharePoint)
    const { status, body } = await askForToken(scene, { resource: hosts.sharePoint })
    expect(status).toBe(403)
    expect(body).toMatchObject({ code: 'consent_required' })
    expect(String(body['consentUrl'])).toContain('feature=files')
  })

  test('leaves an audit event with the resource and never the token [bar 100]', async () => {
    const scene = await aFilesScene()
    const { body } = await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })
    await askForToken(scene, { resource: 'https://evil.example' })
    expect(scene.entrada.logs.events('picker_token_issued')).toMatchObject([
      {
        level: 'audit',
        userId: CAST.adele.id,
        resource: MICROSOFT_HOSTS.oneDrive,
        result: 'issued',
      },
      { level: 'audit', userId: CAST.adele.id, resource: '', result: 'picker_host_refused' },
    ])
    expect(scene.entrada.logs.text).not.toContain(String(body['token']))
    expect(scene.entrada.logs.text).not.toContain('evil.example')
  })

  test('is limited per user [bar 95]', async () => {
    const scene = await aFilesScene({ settings: { RATE_LIMITS: '{"picker":{"perMinute":2}}' } })
    const ask = async () =>
      (await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })).status
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429])
  })
})

test('a session that ended while the picker was framed is said in a page whose way in leads out of the frame', async () => {
  const entrada = anEntrada()
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  browser.cookies.delete('__Host-entrada')
  const response = await browser.load('/.entrada/picker?channel=abcdefgh', 'iframe')
  expect([response.status, response.headers.get('entrada-error')]).toEqual([
    401,
    'session_required',
  ])
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
  const page = await response.text()
  expect(page).toContain('<base target="_top" />')
  expect(page).toContain('/.entrada/login')
})
