import { expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada } from '../../support/entrada.ts'

const SETTINGS = { DOMAIN_SERVER: 'http://localhost:8787' }

test.each([
  'http://evil.example/',
  'http://localhost.evil.example:8787/',
  'http://127.0.0.1.nip.io:8787/',
  'http://192.168.1.7:8787/',
  'http://0.0.0.0:8787/',
  'http://[fe80::1]:8787/',
  'https://chat.contoso.example/.entrada/login',
  'http://evil.example/oauth/openid/callback?code=x&state=y',
])('on loopback %s is another host, where nothing is served [requirement 96]', async (address) => {
  const entrada = anEntrada({ settings: SETTINGS })
  const response = await entrada.fetch(
    new Request(address, { headers: { accept: 'application/json' } }),
  )
  expect([response.status, response.headers.get('entrada-error')]).toEqual([421, 'wrong_host'])
  expect(entrada.sandbox.journal.all).toEqual([])
})

test.each(['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787'])(
  '%s is loopback [requirement 96]',
  async (origin) => {
    const entrada = anEntrada({ settings: SETTINGS })
    expect((await entrada.fetch(new Request(`${origin}/.entrada/health`))).status).toBe(200)
  },
)

test('on loopback the whole sign-in works over plain http [requirement 96]', async () => {
  const browser = anEntrada({ settings: SETTINGS }).browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  expect((await browser.fetch('/.entrada/session')).status).toBe(200)
})

test.each([
  'http://chat.contoso.example',
  'http://192.168.1.7:8787',
  'http://localhost.evil.example',
])('plain http on %s serves nothing [requirement 96]', async (publicUrl) => {
  const entrada = anEntrada({ settings: { DOMAIN_SERVER: publicUrl } })
  expect((await entrada.fetch(new Request(`${publicUrl}/`))).status).toBe(503)
})
