import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { aFilesScene, contentPathOf, fileOf } from '../files/fixture.ts'
import { HOME } from '../../support/addresses.ts'

const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
}

/** The redirect of a page load, and the page to which sign-in returns. */
async function ledTo(entrada: Entrada, path: string, method = 'GET') {
  const response = await entrada.fetch(path, { method, headers: NAVIGATION })
  const location = response.headers.get('location')
  const to = location === null ? null : new URL(location)
  return {
    status: response.status,
    page: to && `${to.origin}${to.pathname}`,
    back: to?.searchParams.get('return_to'),
    cache: response.headers.get('cache-control'),
  }
}

describe('a page of ours that is opened without a session', () => {
  test.each([
    '/.entrada/picker?channel=entrada-1&multiple=1',
    '/.entrada/session',
    '/.entrada/sessions',
    '/.entrada/check',
    '/.entrada/renewed',
    '/.entrada/people?q=megan&types=user',
    `/.entrada/people/${CAST.megan.id}/photo?size=48`,
    '/.entrada/files/b!abcdefghijklmnopqrstuvwx/01ABCDEFGHIJ/content?format=pdf',
  ])('leads to sign-in, and back to %s', async (path) => {
    const entrada = anEntrada()
    expect(await ledTo(entrada, path)).toEqual({
      status: 302,
      page: `${HOME}/.entrada/login`,
      back: path,
      cache: 'no-store',
    })
    expect(entrada.sandbox.journal.all).toEqual([])
  })

  test('is shown after sign-in at the same address', async () => {
    const entrada = anEntrada()
    const path = `${HOME}/.entrada/people?q=megan`
    const page = await entrada.browser().signIn(CAST.adele.userPrincipalName, path)
    expect([page.url.href, page.status]).toEqual([path, 200])
  })

  test('for consent leads to sign-in, and then to the target of the consent', async () => {
    const path = '/.entrada/consent?feature=people&return_to=%2Fc%2F42%3Fa%3D1'
    expect(await ledTo(anEntrada(), path)).toMatchObject({ status: 302, back: '/c/42?a=1' })
  })

  test.each(['/.entrada/login', '/.entrada/consent?feature=people'])(
    'does not lead to itself: HEAD %s',
    async (path) => {
      expect(await ledTo(anEntrada(), path, 'HEAD')).toMatchObject({ status: 401, page: null })
    },
  )
})

describe('any other request for a page of ours without a session gets 401', () => {
  test.each([
    // Chromium resumes a broken download with these headers and would save a page as the file.
    ['a resumed download', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty' }],
    ['a script', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a frame', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ['a program', { accept: '*/*' }],
  ])('%s', async (_who, headers) => {
    const scene = await aFilesScene()
    const path = contentPathOf(fileOf(scene, 'report'))
    const response = await scene.entrada.fetch(path, {
      headers: { accept: 'text/html', ...headers },
    })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      401,
      'session_required',
    ])
    expect(response.headers.get('location')).toBeNull()
  })

  test('a submitted form, whose loss must be visible', async () => {
    const page = await anEntrada().browser().post('/.entrada/files/archive', { items: '[]' }, HOME)
    expect(page.status).toBe(401)
    expect(page.text).toContain('What you sent did not reach the chat.')
  })
})

describe('a deep link', () => {
  test.each([
    ['/echo?q=C:\\temp\\x', '/echo?q=C:%5Ctemp%5Cx'],
    ['/.entrada/people?q=a\\b', '/.entrada/people?q=a%5Cb'],
  ])('keeps a backslash in its query: %s', async (path, kept) => {
    const entrada = anEntrada()
    const { back } = await ledTo(entrada, path)
    expect(back).toBe(kept)
    const page = await entrada.browser().signIn(CAST.adele.userPrincipalName, `${HOME}${path}`)
    expect(page.url.href).toBe(`${HOME}${kept}`)
  })

  test('keeps its path without the query if the query is too long', async () => {
    const entrada = anEntrada()
    const path = `/c/42?q=${'x'.repeat(2042)}`
    expect(await ledTo(entrada, path)).toMatchObject({ status: 302, back: '/c/42' })
    const shorter = path.slice(0, 2048)
    expect(await ledTo(entrada, shorter)).toMatchObject({ back: shorter })
  })

  test('that needs a stronger sign-in returns to the page it named', async () => {
    const scene = await aFilesScene()
    const path = contentPathOf(fileOf(scene, 'report'))
    scene.entrada.sandbox.faults.set('graph.claims_challenge')
    scene.entrada.sandbox.faults.set('entra.conditional_access')
    const page = await scene.browser.open(`${HOME}${path}`)
    expect(page.headers.get('entrada-error')).toBe('interaction_required')
    expect(page.text).toContain(encodeURIComponent(path).replace('!', '%21'))
  })
})
