import { describe, expect, test } from 'vitest'
import { anEntrada } from '../../support/entrada.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

describe('signing out needs proof of same origin [requirement 73]', () => {
  test.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['a typed URL', { 'sec-fetch-site': 'none' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['neither header', {}],
    [
      'both headers and one wrong',
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ],
  ])('is refused: %s', async (_case, headers) => {
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
