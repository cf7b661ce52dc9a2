import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { anEntrada } from '../../support/entrada.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/** What a request says about the page that sent it, where that is not ours. */
const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
  ['cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling host', { 'sec-fetch-site': 'same-site' }],
  ['typed', { 'sec-fetch-site': 'none' }],
  ['a foreign origin', { origin: 'https://evil.example' }],
  ['a null origin', { origin: 'null' }],
  ['neither said', {}],
  ['both said and one wrong', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }],
]

describe('signing out needs proof of same origin [requirement 73]', () => {
  test.each(FOREIGN)('%s: refused', async (_case, headers) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
    for (const path of ['/.entrada/logout', '/.entrada/sessions/end']) {
      const response = await entrada.fetch(path, {
        method: 'POST',
        headers: { ...headers, cookie },
      })
      expect([response.status, response.headers.get('entrada-error')]).toEqual([
        403,
        'cross_site_refused',
      ])
    }
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })

  test.each([
    { 'sec-fetch-site': 'same-origin' },
    { origin: HOME },
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
  ])('is accepted with %j', async (headers) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
    const response = await entrada.fetch('/.entrada/logout', {
      method: 'POST',
      headers: { ...headers, cookie },
    })
    expect(response.status).toBe(200)
  })

  test('refuses an image, a link or any other GET', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.load('/.entrada/logout', 'image')
    await browser.open('/.entrada/logout', { from: 'https://evil.example' })
    expect((await entrada.tabOf(browser).fetch('/.entrada/session')).status).toBe(200)
  })
})

describe('an operator ends sessions with proof of same origin only [requirement 73]', () => {
  test.each(FOREIGN)('%s: refused', async (_case, headers) => {
    const entrada = anEntrada({ settings: { OPENID_ADMIN_ROLE: 'Entrada.Admin' } })
    const operator = await signedIn(entrada, 'alex')
    const person = await signedIn(entrada, 'megan')
    const cookie = `${SESSION}=${operator.cookies.get(SESSION)?.value}`
    const path = `/.entrada/admin/users/${CONTOSO}:${CAST.megan.id}/end`
    const response = await entrada.fetch(path, { method: 'POST', headers: { ...headers, cookie } })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      403,
      'cross_site_refused',
    ])
    expect((await person.fetch('/.entrada/session')).status).toBe(200)
    expect(entrada.logs.events('sessions_ended_by_operator')).toEqual([])
  })
})
