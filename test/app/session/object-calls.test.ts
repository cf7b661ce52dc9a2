import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import type { Entrada } from '../../support/entrada.ts'
import { archiveOf } from '../files/archive-fixture.ts'
import { aFilesScene, contentPathOf, fileOf, pathOf } from '../files/fixture.ts'
import { askForToken, PAGE } from '../files/picker-fixture.ts'
import { aSearcher } from '../people/searcher-fixture.ts'
import { signOut } from '../../support/scene.ts'

/* Calls of the session object per request with fresh tokens: docs/architecture.md, column "Calls". */

interface Warm {
  readonly entrada: Entrada
  readonly browser: Browser
}

async function callsOf({ entrada }: Warm, request: () => Promise<Response>): Promise<number> {
  // The first request fetches the token that the others find.
  for (let index = 0; index < 2; index++) await (await request()).arrayBuffer()
  await entrada.platform.settle()
  const before = entrada.platform.count('SESSIONS')
  const response = await request()
  expect(response.status).toBe(200)
  await response.arrayBuffer()
  await entrada.platform.settle()
  return entrada.platform.count('SESSIONS') - before
}

describe('one call of the session object serves', () => {
  test.each([
    '/.entrada/session',
    '/.entrada/people?q=alex',
    `/.entrada/people/${CAST.alex.id}/photo`,
    `/.entrada/groups/${CAST_GROUPS.phoenixOne}/members`,
  ])('GET %s', async (path) => {
    const searcher = await aSearcher()
    expect(await callsOf(searcher, () => searcher.browser.fetch(path))).toBe(1)
  })

  test('a file’s metadata, its content, an archive and the picker page', async () => {
    const scene = await aFilesScene()
    const { browser } = scene
    const [file, other] = [fileOf(scene, 'pdf'), fileOf(scene, 'image')]
    expect(await callsOf(scene, () => browser.fetch(pathOf(file)))).toBe(1)
    expect(await callsOf(scene, () => browser.fetch(contentPathOf(file)))).toBe(1)
    expect(await callsOf(scene, () => archiveOf(scene, [file, other]))).toBe(1)
    expect(await callsOf(scene, () => browser.fetch(PAGE))).toBe(1)
  })
})

test('a token for a SharePoint host is a second call', async () => {
  const scene = await aFilesScene()
  const resource = scene.entrada.sandbox.hosts.sharePoint
  await askForToken(scene, { resource })
  const before = scene.entrada.platform.count('SESSIONS')
  expect((await askForToken(scene, { resource })).status).toBe(200)
  expect(scene.entrada.platform.count('SESSIONS') - before).toBe(2)
})

test('only a request that needs a refresh makes a second call', async () => {
  const searcher = await aSearcher()
  const counts: number[] = []
  for (let index = 0; index < 2; index++) {
    const before = searcher.entrada.platform.count('SESSIONS')
    await searcher.search('alex')
    counts.push(searcher.entrada.platform.count('SESSIONS') - before)
  }
  expect(counts).toEqual([2, 1])
})

test('a request uses one refreshed token for all of its files', async () => {
  const scene = await aFilesScene()
  const response = await archiveOf(scene, [fileOf(scene, 'image'), fileOf(scene, 'pdf')])
  await response.arrayBuffer()
  expect(scene.entrada.platform.objects.SESSIONS.count('accessToken')).toBe(1)
})

test('an ended session yields no token', async () => {
  const { entrada, browser } = await aSearcher()
  await browser.fetch('/.entrada/people?q=alex')
  const other = browser.tab()
  await signOut(other)
  expect((await browser.fetch('/.entrada/people?q=alex')).status).toBe(401)
  expect(entrada.platform.objects.SESSIONS.count('accessToken')).toBeLessThan(2)
})

test('an archive in progress stops at the next file after a sign-out', async () => {
  const scene = await aFilesScene()
  const { entrada, browser } = scene
  const items = [fileOf(scene, 'image'), fileOf(scene, 'pdf')]
  // From now on the session response contains the token.
  await (await browser.fetch(pathOf(fileOf(scene, 'pdf')))).arrayBuffer()
  let hasLeft = false
  entrada.internet.answer(entrada.sandbox.hosts.graph, async (request) => {
    const response = await entrada.sandbox.fetch(request)
    if (!hasLeft && request.url.endsWith('/content')) {
      hasLeft = true
      await signOut(browser)
      await clock.advance(11)
    }
    return response
  })
  const archive = await (await archiveOf(scene, items)).text()
  expect(hasLeft).toBe(true)
  expect(archive).toContain('"code": "session_required"')
})
