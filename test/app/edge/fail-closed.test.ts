import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { ChatDouble, aGuardedChat } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import type { ObjectBends } from '../../support/platform/object-namespace.ts'
import { cookieHeaderOf, isSignedIn, signedIn } from '../../support/scene.ts'

/** One request of each kind that a chat app receives. */
const REQUESTS: readonly (readonly [string, string, RequestInit])[] = [
  ['a page', '/c/1', { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }],
  ['an API call', '/api/messages', { headers: { accept: 'application/json' } }],
  ['a write', '/api/messages', { method: 'POST', body: '{}', headers: { 'sec-fetch-site': 'same-origin' } }],
  ['an image', '/logo.png', { headers: { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' } }],
  ['an event stream', '/events', { headers: { accept: 'text/event-stream' } }],
] // prettier-ignore

async function ask(entrada: Entrada, cookie: string | null, [, path, init]: (typeof REQUESTS)[0]) {
  const headers = new Headers(init.headers)
  if (cookie !== null) headers.set('cookie', cookie)
  const response = await clock.runOut(entrada.fetch(path, { ...init, headers }), 120)
  await response.body?.cancel()
  return response
}

/** A session that begins on one isolate, and a second isolate with an empty cache. */
async function aColdScene(settings = {}) {
  const { entrada, chat } = aGuardedChat({ settings })
  const browser = await signedIn(entrada)
  const cookie = cookieHeaderOf(browser)
  const cold = anEntrada({ share: entrada })
  chat.requests.length = 0
  return { entrada, cold, chat, cookie }
}

const BENDS: readonly ObjectBends[] = [
  { fails: 'overloaded' },
  { fails: 'unreachable' },
  { loses: true },
  { hangs: true },
]

describe('without the session object nothing reaches the chat [requirement 58]', () => {
  test.each(BENDS)('%o', async (bends) => {
    const { entrada, cold, chat, cookie } = await aColdScene()
    entrada.platform.objects.SESSIONS.bend(bends)
    for (const request of REQUESTS) {
      const { status } = await ask(cold, cookie, request)
      expect([request[0], status]).toEqual([request[0], 500])
    }
    expect(chat.requests).toEqual([])
    entrada.platform.objects.SESSIONS.bend({})
    for (const request of REQUESTS) expect((await ask(cold, cookie, request)).status).toBe(200)
  })

  test('not even from the isolate’s cache, for requests that must revalidate', async () => {
    const { entrada, chat, cookie } = await aColdScene()
    await ask(entrada, cookie, REQUESTS[3] ?? expect.unreachable())
    chat.requests.length = 0
    entrada.platform.objects.SESSIONS.bend({ fails: 'unreachable' })
    for (const request of REQUESTS.slice(0, 3)) {
      expect([request[0], (await ask(entrada, cookie, request)).status]).toEqual([
        request[0],
        request[0] === 'an API call' ? 200 : 500,
      ])
    }
    expect(chat.requests).toHaveLength(1)
  })
})

describe.each([['VAULT'], ['USERS'], ['REPLAYS'], ['LOOKUPS'], ['KEYS']] as const)(
  'without %s',
  (binding) => {
    function breakIt(entrada: Entrada): void {
      if (binding === 'VAULT') {
        entrada.platform.vault.bend({ throws: ['get', 'put', 'delete', 'list'] })
      } else entrada.platform.objects[binding].bend({ fails: 'unreachable' })
    }

    test('refuses people without a session [requirement 58]', async () => {
      const { entrada, cold, chat } = await aColdScene({ SIGNING_KEYS: null })
      breakIt(entrada)
      for (const request of REQUESTS) {
        const { status } = await ask(cold, null, request)
        expect([request[0], [302, 401].includes(status)]).toEqual([request[0], true])
      }
      expect(chat.requests).toEqual([])
    })

    test('refuses a user with a session, or forwards the request with their identity [requirement 58]', async () => {
      const { entrada, cold, chat, cookie } = await aColdScene({ SIGNING_KEYS: null })
      breakIt(entrada)
      for (const request of REQUESTS) {
        const { status } = await ask(cold, cookie, request)
        expect(status === 200 || status >= 500).toBe(true)
      }
      expect(chat.requests.length === 0).toBe(binding === 'KEYS')
      for (const { headers } of chat.requests) {
        expect(headers.get('x-forwarded-user')).toBe(CAST.adele.id)
        expect(headers.get('entrada-assertion')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      }
    })

    test('a sign-in ends with a valid session or with an error [requirement 58]', async () => {
      const chat = new ChatDouble()
      const { entrada } = aGuardedChat({ settings: { SIGNING_KEYS: null } }, chat.handle)
      breakIt(entrada)
      const browser = entrada.browser()
      await browser.signIn(CAST.adele.userPrincipalName).catch(() => undefined)
      const session = await browser.fetch('/.entrada/session')
      const hasCookie = isSignedIn(browser)
      expect(session.status).toBe(hasCookie ? 200 : 401)
      expect(hasCookie).toBe(binding !== 'USERS')
    })
  },
)

describe('another failure', () => {
  test.each([
    ['the sign-in service', 'entra.outage'],
    ['its keys', 'entra.discovery_outage'],
    ['Graph', 'graph.outage'],
  ] as const)(
    'without %s refuses people without a session [requirement 58]',
    async (_what, fault) => {
      const { entrada, cold, chat } = await aColdScene()
      entrada.sandbox.faults.set(fault)
      entrada.platform.cache.bend({ throws: true })
      for (const request of REQUESTS) {
        const { status } = await ask(cold, null, request)
        expect([302, 401]).toContain(status)
      }
      const page = await cold.browser().open('/c/1')
      expect(page.status >= 500 || page.url.origin === entrada.sandbox.hosts.login).toBe(true)
      expect(chat.requests).toEqual([])
    },
  )

  test.each([
    ['no settings at all', { OPENID_CLIENT_ID: null, OPENID_ISSUER: null, DOMAIN_SERVER: null }],
    ['one bad setting', { SESSION_CHECK_SECONDS: 'soon' }],
  ])('with %s nothing is served [requirement 58]', async (_what, settings) => {
    const { entrada, chat } = aGuardedChat({ settings })
    for (const [, path, init] of REQUESTS) {
      const url = new URL(path, 'https://chat.contoso.example')
      expect((await entrada.fetch(new Request(url, init))).status).toBe(503)
    }
    expect(chat.requests).toEqual([])
  })
})
