import { describe, expect, test } from 'vitest'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

describe('a front-channel notice of Entra’s sign-out', () => {
  async function sidOf(entrada: Entrada): Promise<string> {
    const idToken = entrada.sandbox.entra.minted.idTokens.at(-1) ?? ''
    const claims: { sid: string } = JSON.parse(
      Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString(),
    )
    return claims.sid
  }

  test('ends the session by sid alone, without cookies, in a frame [requirement 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const response = await entrada.fetch(
      `/.entrada/frontchannel-logout?sid=${await sidOf(entrada)}`,
      {
        headers: {
          'sec-fetch-dest': 'iframe',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-site': 'cross-site',
        },
      },
    )
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(response.headers.get('content-security-policy')).toContain(
      'frame-ancestors https://login.microsoftonline.com',
    )
    expect(response.headers.get('x-frame-options')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect((await browser.fetch('/.entrada/session')).status).toBe(401)
    expect([...entrada.platform.vault.stored()]).toEqual([])
  })

  test('with an unknown sid or none gets the same answer and does nothing [requirement 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    for (const query of ['?sid=unknown', '', '?sid=', '?sid=%00', `?sid=${'x'.repeat(300)}`]) {
      const response = await entrada.fetch(`/.entrada/frontchannel-logout${query}`)
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })

  test('in the name of another issuer does nothing [requirement 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const sid = await sidOf(entrada)
    await entrada.fetch(`/.entrada/frontchannel-logout?sid=${sid}&iss=https%3A%2F%2Fevil.example`)
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
    await entrada.fetch(
      `/.entrada/frontchannel-logout?sid=${sid}&iss=${encodeURIComponent(String(entrada.settings['OPENID_ISSUER']))}`,
    )
    expect((await browser.fetch('/.entrada/session')).status).toBe(401)
  })
})
