import { expect, test } from 'vitest'
import { aGuardedChat } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { signedIn } from '../../support/scene.ts'

/** Adele, signed in, on an isolate that has cached her session. */
async function onAWarmIsolate() {
  const { entrada, chat } = aGuardedChat()
  const browser = await signedIn(entrada)
  await browser.fetch('/warm')
  const before = { objects: entrada.platform.count(), vault: entrada.platform.vault.count() }
  const operations = () => ({
    objects: entrada.platform.count() - before.objects,
    vault: entrada.platform.vault.count() - before.vault,
  })
  return { entrada, chat, browser, operations }
}

test('a signed-in sub-resource costs no object call, no KV read and no signature', async () => {
  const { browser, chat, operations } = await onAWarmIsolate()
  for (const destination of ['image', 'script', 'style', 'font'] as const) {
    await browser.load('/asset', destination)
  }
  await browser.fetch('/api')
  await browser.fetch('/api', { headers: { accept: 'text/event-stream' } })
  expect(operations()).toEqual({ objects: 0, vault: 0 })
  const assertions = chat.requests.slice(-6).map(({ headers }) => headers.get('entrada-assertion'))
  expect(new Set(assertions).size).toBe(1)
})

test('a document calls the session object once', async () => {
  const { browser, operations } = await onAWarmIsolate()
  await browser.open('/c/new')
  expect(operations()).toEqual({ objects: 1, vault: 0 })
})

test('a framed document calls the session object once', async () => {
  const { browser, operations } = await onAWarmIsolate()
  await browser.load('/artifact', 'iframe')
  expect(operations()).toEqual({ objects: 1, vault: 0 })
})

test('a download by link calls the session object once', async () => {
  const { browser, chat, operations } = await onAWarmIsolate()
  chat.answer(() => new Response('x', { headers: { 'content-disposition': 'attachment' } }))
  await browser.open('/api/files/export.csv')
  expect(operations()).toEqual({ objects: 1, vault: 0 })
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
  '%s calls the session object once',
  async (method) => {
    const { browser, operations } = await onAWarmIsolate()
    await browser.fetch('/api', { method })
    expect(operations()).toEqual({ objects: 1, vault: 0 })
  },
)

test('a WebSocket handshake calls the session object once', async () => {
  const { browser, operations } = await onAWarmIsolate()
  await browser.fetch('/ws', {
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      origin: 'https://chat.contoso.example',
    },
  })
  expect(operations()).toEqual({ objects: 1, vault: 0 })
})

test('an open route calls no object', async () => {
  const { entrada } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /health' } })
  expect((await entrada.fetch('/health')).status).toBe(200)
  expect(entrada.platform.count()).toBe(0)
  expect(entrada.platform.vault.count()).toBe(0)
})

test('after SESSION_CHECK_SECONDS one request calls the session object and the others use its answer', async () => {
  const { browser, operations } = await onAWarmIsolate()
  await clock.advance(11)
  await browser.fetch('/api')
  for (let index = 0; index < 5; index++) await browser.fetch('/api')
  expect(operations()).toEqual({ objects: 1, vault: 0 })
})
