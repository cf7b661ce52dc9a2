import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { FaultName, FaultSetting } from '../../sandbox/faults.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { refusal } from './download-fixture.ts'
import {
  aFilesScene,
  bodySha256,
  bytesOf,
  contentPathOf,
  fileOf,
  pathOf,
  sha256,
  type FileName,
  type FilesScene,
} from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('a file that cannot be downloaded', () => {
  test.each<[FileName, number, string]>([
    ['malware', 403, 'file_infected'],
    ['locked', 423, 'file_locked'],
    ['notebook', 422, 'file_not_downloadable'],
    ['folder', 422, 'file_not_downloadable'],
    ['folderShortcut', 422, 'file_not_downloadable'],
    ['archive', 413, 'file_too_large'],
    ['labelled', 403, 'file_protected'],
  ])('gives the reason for %s: %i %s', async (name, status, code) => {
    const scene = await aFilesScene()
    const { response, problem } = await refusal(scene, name)
    expect(response.status).toBe(status)
    expect(response.headers.get('entrada-error')).toBe(code)
    expect(problem).toMatchObject({ status, code, requestId: expect.any(String) })
  })

  test.each<[FileName]>([['malware'], ['notebook'], ['folder'], ['archive']])(
    'is recognised before the download: %s',
    async (name) => {
      const scene = await aFilesScene()
      await refusal(scene, name)
      const { journal } = scene.entrada.sandbox
      expect(journal.to('download')).toEqual([])
      expect(journal.to('graph').filter(({ url }) => url.pathname.endsWith('/content'))).toEqual([])
    },
  )

  test.each<[FaultName, Partial<FaultSetting>, number, string]>([
    ['files.locked', {}, 423, 'file_locked'],
    ['files.malware', {}, 403, 'file_infected'],
    ['files.access_denied', {}, 403, 'file_forbidden'],
    ['files.blocked_by_policy', {}, 403, 'file_blocked_by_policy'],
    ['files.foreign_redirect', {}, 502, 'download_host_refused'],
    ['files.http_redirect', {}, 502, 'download_host_refused'],
    ['files.ip_redirect', {}, 502, 'download_host_refused'],
    ['files.url_expired', {}, 403, 'file_blocked_by_policy'],
    ['graph.throttled', { retryAfterSeconds: 17 }, 429, 'graph_throttled'],
    ['graph.outage', {}, 503, 'graph_unavailable'],
    ['graph.hang', {}, 503, 'graph_unavailable'],
    ['graph.token_rejected', {}, 403, 'graph_refused'],
    ['graph.claims_challenge', {}, 401, 'interaction_required'],
  ])('under %s: %o gives %i %s', async (fault, setting, status, code) => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set(fault, setting)
    const { response, problem } = await refusal(scene)
    expect(response.status).toBe(status)
    expect(problem).toMatchObject({ code })
    expect(scene.entrada.sandbox.journal.to('unknown')).toEqual([])
  })

  test.each([
    ['deleted', { deleted: { state: 'deleted' } }, 404, 'file_not_found'],
    [
      'uploading',
      { pendingOperations: { pendingContentUpdate: { queuedDateTime: '2026-01-05T08:30:00Z' } } },
      423,
      'file_locked',
    ],
    ['infected', { malware: {}, pendingOperations: {} }, 403, 'file_infected'],
    ['package', { file: null }, 422, 'file_not_downloadable'],
  ])('is not requested when Graph marks it as %s', async (state, facets, status, code) => {
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: async (request) => {
          const response = await scene.entrada.sandbox.fetch(request)
          if (!request.url.includes('/items/')) return response
          return Response.json({ ...(await response.json<object>()), ...facets })
        },
      },
    })
    const { response, problem } = await refusal(scene)
    expect(response.status).toBe(status)
    expect(problem).toMatchObject({ code })
    const metadata = await scene.browser.fetch(pathOf(fileOf(scene, 'report')))
    expect(await metadata.json()).toMatchObject({ state, downloadable: false, problem: { code } })
    const { journal } = scene.entrada.sandbox
    expect(journal.to('graph').filter(({ url }) => url.pathname.endsWith('/content'))).toEqual([])
  })

  test.each([
    ['a list', []],
    ['nothing', null],
    ['a size below nothing', { id: 'x', size: -1, file: {} }],
    ['a shortcut to nowhere', { id: 'x', remoteItem: { id: 'x' } }],
    ['a shortcut out of Graph', { id: 'x', remoteItem: { id: '../../me', parentReference: {} } }],
  ])('causes graph_unexpected for a response of Graph that is %s', async (_, body) => {
    const scene: FilesScene = await aFilesScene({
      hosts: {
        [MICROSOFT_HOSTS.graph]: (request) =>
          request.url.includes('/items/')
            ? Response.json(body)
            : scene.entrada.sandbox.fetch(request),
      },
    })
    const { response, problem } = await refusal(scene)
    expect(response.status).toBe(502)
    expect(problem).toMatchObject({ code: 'graph_unexpected' })
  })

  test('is found through two shortcuts, but not through a circle of them', async () => {
    const scene = await aFilesScene()
    const { drives, journal } = scene.entrada.sandbox
    const report = fileOf(scene, 'report')
    const leadingTo = ({ driveId, id }: typeof report) =>
      ({ kind: 'remote', driveId, itemId: id }) as const
    const first = fileOf(scene, 'shortcut')
    const second = fileOf(scene, 'folderShortcut')
    drives.put({ ...second, body: leadingTo(report) })
    drives.put({ ...first, body: leadingTo(second) })
    const whole = await scene.browser.fetch(contentPathOf(first))
    expect(await bodySha256(whole)).toBe(sha256(await bytesOf(scene, report)))
    drives.put({ ...second, body: leadingTo(first) })
    journal.clear()
    const { response, problem } = await refusal(scene, 'shortcut')
    expect(response.status).toBe(422)
    expect(problem).toMatchObject({ code: 'file_not_downloadable' })
    expect(journal.to('graph')).toHaveLength(4)
  })

  test('asks for another sign-in after a claims challenge', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('graph.claims_challenge')
    const { problem } = await refusal(scene)
    expect(String(problem['loginUrl'])).toContain('step_up=1')
  })

  test('is downloaded after one further redirect, without a bearer', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.chained_redirect')
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
    const hops = scene.entrada.sandbox.journal.to('download')
    expect(hops).toHaveLength(2)
    for (const { headers } of hops) expect(headers.get('authorization')).toBeNull()
  })

  test('is not found after it was deleted', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    scene.entrada.sandbox.drives.remove(item)
    for (const path of [pathOf(item), contentPathOf(item)]) {
      const response = await scene.browser.fetch(path)
      expect(response.status).toBe(404)
      expect(await problemOf(response)).toMatchObject({ code: 'file_not_found' })
    }
  })

  test('is forbidden by SharePoint when it is not shared', async () => {
    const scene = await aFilesScene()
    const { drives } = scene.entrada.sandbox
    const hers = drives.oneDriveOf(CAST.megan.id)
    if (hers === null) throw new Error('Megan has a OneDrive')
    const path = contentPathOf(drives.at(hers, 'Private/Salaries.xlsx'))
    const response = await scene.browser.fetch(path)
    expect(response.status).toBe(403)
    expect(await problemOf(response)).toMatchObject({ code: 'file_forbidden' })
  })

  test('is downloaded when it is shared', async () => {
    const scene = await aFilesScene()
    const { drives } = scene.entrada.sandbox
    const hers = drives.oneDriveOf(CAST.megan.id)
    if (hers === null) throw new Error('Megan has a OneDrive')
    const item = drives.at(hers, 'Shared with Adele/Slides.pptx')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('gets a problem with request id and plain reason, without upstream text [requirement 97]', async () => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set('files.url_expired')
    const { response, problem } = await refusal(scene)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(JSON.stringify(problem)).not.toMatch(/UNAUTHORIZED|<html|tempauth|sandbox-access/i)
    expect(problem['requestId']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each<[FaultName, string, RegExp]>([
    ['files.access_denied', 'file_forbidden', /access ?denied/i],
    ['files.locked', 'file_locked', /resource ?locked|notAllowed/i],
  ])('tells none of Graph’s own words under %s [requirement 97]', async (fault, code, words) => {
    const scene = await aFilesScene()
    scene.entrada.sandbox.faults.set(fault)
    const { problem } = await refusal(scene)
    expect(problem).toMatchObject({ code })
    expect(problem).not.toHaveProperty('detail')
    expect(JSON.stringify(problem)).not.toMatch(words)
  })

  test('shows an error page when it is opened as a page', async () => {
    const scene = await aFilesScene()
    const page = await scene.browser.open(contentPathOf(fileOf(scene, 'malware')))
    expect(page.status).toBe(403)
    expect(page.html.querySelector('h1')?.textContent).toContain('malware')
  })
})
