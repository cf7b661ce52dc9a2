import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
beforeAll(async () => {
  entrada = await serveEntrada()
})
afterAll(() => entrada.close())

function asked(what: string): number {
  const { journal } = entrada.sandbox
  return journal.to('login').filter(({ url }) => url.pathname.endsWith(what)).length
}

test('new isolates and objects read metadata and keys from the data centre’s cache', async () => {
  await entrada.browser().signIn(CAST.adele.userPrincipalName)
  expect([asked('/openid-configuration'), asked('/keys')]).toEqual([1, 1])
  for (let deployment = 0; deployment < 2; deployment++) {
    await entrada.restart()
    const browser = entrada.browser()
    await browser.signIn(CAST.alex.userPrincipalName)
    // The session object redeems a token and reads the metadata itself.
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  }
  expect([asked('/openid-configuration'), asked('/keys')]).toEqual([1, 1])
})
