import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { aFilesScene, type FilesScene } from './fixture.ts'
import { askForToken, EVERYWHERE, openPage, PAGE } from './picker-fixture.ts'
import { problemOf } from '../../support/scene.ts'

/** The sandbox's Graph, except for the paths that the test answers itself. */
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

describe('host discovery', () => {
  test('asks Graph again only after an hour', async () => {
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

  test('separates the hosts of users [requirement 88]', async () => {
    const scene = await aFilesScene()
    await openPage(scene)
    scene.entrada.sandbox.journal.clear()
    const other = scene.entrada.browser('203.0.113.8')
    await other.signIn(CAST.megan.userPrincipalName)
    await openPage({ ...scene, browser: other })
    expect(scene.entrada.sandbox.journal.to('graph', '/v1.0/me/drive')).toHaveLength(1)
  })

  test('ignores hosts outside SharePoint that Graph names', async () => {
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

  test('reports sharepoint_not_found when Graph names only such hosts', async () => {
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

  test('finds the hosts of a renamed tenant when the page is reloaded', async () => {
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

  test('asks Graph again after a minute when one region did not respond', async () => {
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

  test('asks for another sign-in after a claims challenge of Graph', async () => {
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

  test('reports a policy that forbids access', async () => {
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

  test('starts with the sites for a person without a OneDrive', async () => {
    const scene = await aFilesScene({ who: 'unal' })
    const { config } = await openPage(scene)
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
      options: { typesAndSources: { pivots: { oneDrive: false, recent: false, site: true } } },
    })
  })

  test('derives the site host from the OneDrive host without permission to list sites', async () => {
    const scene: FilesScene = await aFilesScene({
      hosts: graphWith(() => scene, { '/sites/root': 403, '/sites?geo': 403 }),
    })
    const { config, directives } = await openPage(scene, '&start=sites')
    expect(directives.get('frame-src')).toContain('https://contoso.sharepoint.com')
    expect(config).toMatchObject({
      launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
    })
  })

  test('reports sharepoint_not_found without OneDrive and sites', async () => {
    const scene: FilesScene = await aFilesScene({
      hosts: graphWith(() => scene, { '/me/drive': 400, '/sites/root': 403, '/sites?geo': 403 }),
    })
    const page = await scene.browser.open(PAGE)
    expect(page.status).toBe(404)
    expect(page.headers.get('entrada-error')).toBe('sharepoint_not_found')
  })

  test('reports sharepoint_not_found to a guest', async () => {
    const scene = await aFilesScene({ who: 'gustav' })
    const page = await scene.browser.open(PAGE)
    expect(page.status).toBe(404)
    expect(page.headers.get('entrada-error')).toBe('sharepoint_not_found')
  })

  test('uses the configured URL with its path, whatever Graph names', async () => {
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

  test('does not cache a failure, and uses cached hosts during an outage', async () => {
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
