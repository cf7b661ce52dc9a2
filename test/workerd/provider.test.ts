import { serve } from '@hono/node-server'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { LibreChat } from '../support/chats/librechat.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

/* LibreChat's sign-in with Entrada as its issuer, over sockets: browser, chat server and the real runtime. */

const CLIENT = {
  client_id: 'librechat',
  client_secret: 'what-only-the-chat-and-Entrada-know-of-each-other',
}

/** The client settings, with the address of this Entrada. */
function settings(): Record<string, string> {
  const client = { ...CLIENT, redirect_uris: [`${entrada.origin}/oauth/openid/callback`] }
  return { OIDC_CLIENTS: JSON.stringify([client]) }
}

let chat: LibreChat
let server: ReturnType<typeof serve>
let entrada: ServedEntrada
beforeAll(async () => {
  server = serve({ fetch: (request) => chat.handle(request), port: 0, hostname: '127.0.0.1' })
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  entrada = await serveEntrada({ chat: `http://127.0.0.1:${port}` })
  await entrada.restart(settings())
  chat = new LibreChat({
    DOMAIN_SERVER: entrada.origin,
    OPENID_ISSUER: `${entrada.origin}/.entrada/oidc`,
    OPENID_CLIENT_ID: CLIENT.client_id,
    OPENID_CLIENT_SECRET: CLIENT.client_secret,
    fetch: (request) => fetch(request),
  })
})
afterAll(async () => {
  await entrada.close()
  server.close()
})

test('a person who opens the chat’s sign-in signs in and out of chat and Entrada together', async () => {
  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName, '/oauth/openid')
  expect([page.url.href, page.text]).toEqual([`${entrada.origin}/`, '<h1>LibreChat</h1>'])
  expect(chat.tokens.claims()).toMatchObject({ sub: CAST.adele.id, aud: CLIENT.client_id })
  expect(await chat.userInfo()).toMatchObject({ name: 'Adele Vance' })
  expect((await chat.refresh()).id_token).toBeTruthy()
  await browser.open((await chat.endSessionUrl()).href)
  await expect(chat.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('the chat’s tokens stay valid when a deployment replaces every isolate', async () => {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName, '/oauth/openid')
  await entrada.restart(settings())
  expect((await chat.refresh()).id_token).toBeTruthy()
})
