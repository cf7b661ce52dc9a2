import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { clock } from '../../support/clock.ts'
import { aFilesScene, type FilesScene } from './fixture.ts'
import { TOKEN_LIFE_SECONDS } from '../people/searcher-fixture.ts'
import { cookieHeaderOf, problemOf } from '../../support/scene.ts'

const PRESET = { ORIGIN_PRESET: 'librechat' }

async function ask({ browser }: FilesScene, scopes: string | null) {
  const query = scopes === null ? '' : `?scopes=${encodeURIComponent(scopes)}`
  const response = await browser.fetch(`/api/auth/graph-token${query}`, {
    headers: { authorization: 'Bearer of-the-chat' },
  })
  return {
    status: response.status,
    headers: response.headers,
    body: await response.json<Readonly<Record<string, unknown>>>(),
  }
}

describe('LibreChat’s graph-token route', () => {
  test.each(['.default', 'AllSites.Read', 'MyFiles.Read'])(
    'gives a SharePoint token for %s in LibreChat’s shape',
    async (name) => {
      const scene = await aFilesScene({ settings: PRESET })
      const scope = `${MICROSOFT_HOSTS.sharePoint}/${name}`
      const { status, headers, body } = await ask(scene, scope)
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: expect.any(Number),
        scope,
      })
      expect(Number(body['expires_in'])).toBeGreaterThan(60)
      const { accessTokens, journal } = scene.entrada.sandbox
      expect(accessTokens.find(String(body['access_token']))).toMatchObject({
        audience: MICROSOFT_HOSTS.sharePoint,
        userId: CAST.adele.id,
      })
      expect(journal.to('chat', '/api/auth')).toEqual([])
    },
  )

  test.each([
    'Files.Read.All',
    'https://graph.microsoft.com/Files.Read.All',
    'https://graph.microsoft.com/.default',
    'https://graph.microsoft.com/AllSites.Read',
    'User.Read',
    'Mail.Read',
    'https://outlook.office365.com/.default',
    'https://contoso.sharepoint.com/AllSites.FullControl',
    'https://contoso.sharepoint.com/sites/Marketing/AllSites.Read',
    'https://fabrikam.sharepoint.com/.default',
    'https://evil.example/.default',
    'https://contoso.sharepoint.com@evil.example/.default',
    '.default',
    '/.default',
    'https://contoso.sharepoint.com/.default https://graph.microsoft.com/Mail.Read',
  ])('refuses %s without redeeming a token [requirement 90]', async (scope) => {
    const scene = await aFilesScene({ settings: PRESET })
    await ask(scene, `${MICROSOFT_HOSTS.sharePoint}/.default`)
    const { accessTokens } = scene.entrada.sandbox
    const minted = accessTokens.minted.length
    const { status, headers, body } = await ask(scene, scope)
    expect(status).toBe(403)
    expect(headers.get('entrada-error')).toBe('picker_host_refused')
    expect(body).toMatchObject({ message: expect.any(String), code: 'picker_host_refused' })
    expect(accessTokens.minted).toHaveLength(minted)
  })

  test.each([[null], [''], [' , '], ['x '.repeat(11)]])(
    'refuses no scopes or too many: %j',
    async (scopes) => {
      const scene = await aFilesScene({ settings: PRESET })
      const { status, body } = await ask(scene, scopes)
      expect(status).toBe(400)
      expect(body).toMatchObject({ code: 'invalid_request' })
    },
  )

  test('refuses scopes of two hosts', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    const { sharePoint, oneDrive } = MICROSOFT_HOSTS
    const { status } = await ask(scene, `${sharePoint}/.default ${oneDrive}/.default`)
    expect(status).toBe(400)
    const both = await ask(scene, `${oneDrive}/AllSites.Read,${oneDrive}/MyFiles.Read`)
    expect(both.status).toBe(200)
  })

  test('has Entrada’s security headers', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    for (const scope of [`${MICROSOFT_HOSTS.sharePoint}/.default`, 'Mail.Read']) {
      const { headers } = await ask(scene, scope)
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
      })
    }
  })

  test('is refused from another site', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    const cookie = cookieHeaderOf(scene.browser)
    const scope = encodeURIComponent(`${MICROSOFT_HOSTS.sharePoint}/.default`)
    const response = await scene.entrada.fetch(`/api/auth/graph-token?scopes=${scope}`, {
      headers: { cookie, 'sec-fetch-site': 'cross-site' },
    })
    expect(response.status).toBe(403)
    expect(await problemOf(response)).toMatchObject({ code: 'cross_site_refused' })
  })

  test('explains missing consent in `message`', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    const { entra, hosts } = scene.entrada.sandbox
    entra.revokeAdminConsent(hosts.sharePoint)
    const { status, body } = await ask(scene, `${hosts.sharePoint}/.default`)
    expect(status).toBe(403)
    expect(body).toMatchObject({ message: 'This feature needs your permission' })
  })

  test.each([
    ['GET', '/API/auth/Graph-Token'],
    ['GET', '/api/auth/graph-token/'],
    ['GET', '/api/auth/graph%2Dtoken'],
    ['GET', '//api/auth//graph-token'],
    ['GET', '/api/x/..%2fauth/graph-token'],
    ['GET', '/api/auth/graph-token;x=1'],
    ['HEAD', '/api/auth/graph-token'],
  ])(
    'is handled by Entrada in every spelling that a router may accept: %s %s [requirement 90]',
    async (method, path) => {
      const scene = await aFilesScene({
        settings: { ...PRESET, SKIP_AUTH_ROUTES: 'GET /api/*, HEAD /api/*' },
      })
      const { entrada, browser } = scene
      const statusFor = async (scope: string) => {
        const url = `${entrada.origin}${path}?scopes=${encodeURIComponent(scope)}`
        return (await browser.fetch(url, { method })).status
      }
      expect(await statusFor(`${MICROSOFT_HOSTS.sharePoint}/.default`)).toBe(200)
      expect(entrada.logs.events('picker_token_issued')).toHaveLength(1)
      expect(await statusFor('https://graph.microsoft.com/Mail.Read')).toBe(403)
      expect(entrada.sandbox.journal.to('chat').filter(({ url }) => url.search !== '')).toEqual([])
    },
  )

  test('answers 401 after the session with a challenge that opens no browser prompt', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    await clock.advance(TOKEN_LIFE_SECONDS)
    scene.entrada.sandbox.faults.set('entra.session_revoked')
    const { status, headers, body } = await ask(scene, `${MICROSOFT_HOSTS.sharePoint}/.default`)
    expect([status, body['code']]).toEqual([401, 'session_required'])
    expect(headers.get('www-authenticate')).toBe('Entrada realm="Entrada"')
  })

  test('logs an audit event as the picker’s token does [requirement 100]', async () => {
    const scene = await aFilesScene({ settings: PRESET })
    await ask(scene, `${MICROSOFT_HOSTS.sharePoint}/.default`)
    expect(scene.entrada.logs.events('picker_token_issued')).toMatchObject([
      { userId: CAST.adele.id, resource: MICROSOFT_HOSTS.sharePoint, result: 'issued' },
    ])
  })

  test.each([
    ['another preset', { ORIGIN_PRESET: 'generic' }],
    ['files switched off', { ...PRESET, ENABLE_SHAREPOINT_FILEPICKER: 'false' }],
  ])('is proxied to the chat app with %s', async (_, settings) => {
    const scene = await aFilesScene({ settings })
    await scene.browser.fetch('/api/auth/graph-token?scopes=x')
    expect(scene.entrada.sandbox.journal.to('chat', '/api/auth/graph-token')).toHaveLength(1)
  })
})
