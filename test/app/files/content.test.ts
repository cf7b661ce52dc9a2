import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import {
  adelesDrive,
  aFilesScene,
  bodySha256,
  bytesOf,
  contentPathOf,
  fileOf,
  sha256,
  type FileName,
} from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('downloading a file', () => {
  test('asks Graph with the bearer, then the download host without it [requirement 90]', async () => {
    const scene = await aFilesScene()
    const { journal, hosts } = scene.entrada.sandbox
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))

    const graph = journal.to('graph', `/v1.0/drives/${item.driveId}`)
    expect(graph.map(({ url }) => url.pathname.endsWith('/content'))).toEqual([false, true])
    for (const { headers } of graph) expect(headers.get('authorization')).toMatch(/^Bearer /)
    const [download, ...more] = journal.to('download')
    expect(more).toEqual([])
    expect(download?.url.origin).toBe(hosts.download)
    expect(download?.headers.get('authorization')).toBeNull()
    expect(download?.headers.get('cookie')).toBeNull()
    expect(download?.headers.get('referer')).toBeNull()
  })

  test('keeps the pre-authenticated URL from browser and log', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'text')))
    const seen = [...response.headers.values(), await response.text()].join('\n')
    const { issued } = scene.entrada.sandbox.drives.downloads
    expect(issued.length).toBeGreaterThan(0)
    for (const secret of issued) {
      expect(seen).not.toContain(secret)
      expect(scene.entrada.logs.text).not.toContain(secret)
    }
  })

  test('sends its own headers and none of the download host’s [requirement 91]', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')))
    await response.body?.cancel()
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'content-disposition':
        'attachment; filename="Quarterly report.docx"; filename*=UTF-8\'\'Quarterly%20report.docx',
      'content-length': '48211',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-type': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'cross-origin-resource-policy': 'same-origin',
      etag: expect.stringMatching(/^"\{[0-9A-F-]{36}\},2"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.any(String),
      'x-content-type-options': 'nosniff',
    })
  })

  test.each<[FileName, string]>([
    ['page', 'application/octet-stream'],
    ['drawing', 'application/octet-stream'],
    ['pdf', 'application/pdf'],
    ['image', 'image/png'],
    ['text', 'text/plain'],
  ])('serves %s with the safe type %s [requirement 91]', async (name, type) => {
    const scene = await aFilesScene()
    const item = fileOf(scene, name)
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('content-disposition')).toMatch(/^attachment;/)
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test.each<[FileName, string]>([
    ['umlauts', '%C3%9Cberblick%20%E2%80%93%20%E2%80%9EEntwurf%E2%80%9C%20100%25.txt'],
    ['quotes', 'She%20said%20_it%27s%20fine_%3B%20really.txt'],
    ['climbing', '___.._climb.txt'],
    ['encodedClimbing', '___.._climb.txt'],
    ['dots', '__draft..txt'],
    ['japanese', '%E5%9B%9B%E5%8D%8A%E6%9C%9F%E5%A0%B1%E5%91%8A%E6%9B%B8.pptx'],
    ['emoji', '%F0%9F%8E%89%20party%20%26%20plans%20%231.png'],
  ])('serves %s under a safe name [requirement 91]', async (name, encoded) => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, name)))
    await response.body?.cancel()
    const disposition = response.headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(
      /^attachment; filename="[\x20-\x21\x23-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9%._~&#-]+$/,
    )
    expect(disposition.split("''")[1]).toBe(encoded)
  })

  test('serves an empty file with length 0', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'empty')))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('0')
    expect(await response.text()).toBe('')
  })

  test('follows a shortcut to its file', async () => {
    const scene = await aFilesScene()
    const { drives } = scene.entrada.sandbox
    const target = drives.at(drives.siteDrive('Marketing'), 'Plans/Marketing plan.docx')
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'shortcut')))
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, target)))
  })

  test('serves the published version of a checked-out file', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'checkedOut')))
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  test('answers HEAD with headers and no download', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'report')), {
      method: 'HEAD',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('48211')
    expect(response.headers.get('etag')).toMatch(/^"/)
    expect(await response.text()).toBe('')
    expect(scene.entrada.sandbox.drives.downloads.issued).toEqual([])
    expect(scene.entrada.sandbox.journal.to('download')).toEqual([])
  })

  test('passes SharePoint’s refusal to another user on [requirement 88]', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const mine = await scene.browser.fetch(contentPathOf(item))
    await mine.body?.cancel()
    const other = scene.entrada.browser('203.0.113.8')
    await other.signIn(CAST.megan.userPrincipalName)
    const theirs = await other.fetch(contentPathOf(item))
    expect(theirs.status).toBe(403)
    expect(await problemOf(theirs)).toMatchObject({ code: 'file_forbidden' })
  })

  test('requires a session and asks no host without one', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    scene.entrada.sandbox.journal.clear()
    const response = await scene.entrada.fetch(contentPathOf(item))
    expect(response.status).toBe(401)
    expect(await problemOf(response)).toMatchObject({ code: 'session_required' })
    expect(scene.entrada.sandbox.journal.all).toEqual([])
  })
})

describe('in a multi-geo tenant', () => {
  test.each([
    ['a file of one’s own', 'Private/Salaries.xlsx', 'oneDriveEurope'],
    ['a shortcut to a site beside it', 'Links/Floor plan.pdf', 'sharePointEurope'],
    ['a shortcut to another geography', 'Links/Phone list.csv', 'download'],
  ] as const)(
    'downloads %s from its own region, without a bearer [requirement 90]',
    async (_, path, host) => {
      const scene = await aFilesScene({ who: 'megan' })
      const { drives, journal } = scene.entrada.sandbox
      const drive = drives.oneDriveOf(CAST.megan.id)
      if (drive === null) throw new Error('Megan has a OneDrive')
      const item = drives.at(drive, path)
      const { body } = item
      const target = body.kind === 'remote' ? drives.item(body.driveId, body.itemId) : item
      if (target === null) throw new Error('the shortcut leads somewhere')
      journal.clear()
      const response = await scene.browser.fetch(contentPathOf(item))
      expect(response.status).toBe(200)
      expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, target)))
      const beyond = journal.all.filter((entry) => entry.host !== 'graph' && entry.host !== 'login')
      expect(beyond.map((entry) => entry.host)).toEqual([host])
      expect(beyond[0]?.headers.get('authorization')).toBeNull()
    },
  )

  test('downloads a file that a person in another region has shared', async () => {
    const scene = await aFilesScene()
    const { drives, journal } = scene.entrada.sandbox
    const hers = drives.oneDriveOf(CAST.megan.id)
    if (hers === null) throw new Error('Megan has a OneDrive')
    const item = drives.at(hers, 'Shared with Adele/Slides.pptx')
    scene.entrada.sandbox.faults.set('files.cut', { times: 1 })
    const response = await scene.browser.fetch(contentPathOf(item))
    expect(await clock.runOut(bodySha256(response))).toBe(sha256(await bytesOf(scene, item)))
    expect(journal.to('oneDriveEurope')).toHaveLength(2)
  })
})

describe('the audit log of downloads', () => {
  test('has one event for each download, with user and result and without file names [requirement 100]', async () => {
    const scene = await aFilesScene()
    const { browser, entrada } = scene
    const response = await browser.fetch(contentPathOf(fileOf(scene, 'report')))
    await response.arrayBuffer()
    const refused = await browser.fetch(contentPathOf(fileOf(scene, 'malware')))
    await refused.body?.cancel()
    const left = await browser.fetch(contentPathOf(fileOf(scene, 'recording')))
    await left.body?.cancel()
    await entrada.platform.settle()
    const events = entrada.logs.events('file_downloaded')
    expect(events).toMatchObject([
      { level: 'audit', userId: CAST.adele.id, result: 'complete', bytes: 48_211 },
      { level: 'audit', userId: CAST.adele.id, result: 'file_infected', bytes: 0 },
      { level: 'audit', userId: CAST.adele.id, result: 'cancelled' },
    ])
    for (const event of events) expect(event['requestId']).toMatch(/^[0-9a-f-]{36}$/)
    expect(new Set(events.map((event) => event['file'])).size).toBe(3)
    expect(entrada.logs.text).not.toContain('Quarterly')
    expect(entrada.logs.text).not.toContain(adelesDrive(scene).id)
  })
})
