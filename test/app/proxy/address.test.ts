import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat, CHAT_ORIGIN } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { adeleAt } from './fixture.ts'
import { signedIn } from '../../support/scene.ts'

describe('the address of the chat app', () => {
  test('may have a path prefix, outside of which no request is sent', async () => {
    const { browser, chat } = await adeleAt(() => new Response('x'), {
      settings: { ORIGIN_URL: `${CHAT_ORIGIN}/tenant/chat/` },
    })
    await browser.fetch('/a?b=/../c')
    expect(chat.last.url).toBe(`${CHAT_ORIGIN}/tenant/chat/a?b=/../c`)
    await browser.fetch('/../../other')
    expect(chat.last.url).toBe(`${CHAT_ORIGIN}/tenant/chat/other`)
    await browser.fetch('https://chat.contoso.example//elsewhere.example/x')
    expect(chat.last.url.startsWith(`${CHAT_ORIGIN}/tenant/chat/`)).toBe(true)
  })

  test('is the public address behind a route, past the Worker', async () => {
    const requests: string[] = []
    const { entrada } = aGuardedChat({
      settings: { ORIGIN_URL: null, SKIP_AUTH_ROUTES: 'GET /public/*' },
      hosts: {
        'https://chat.contoso.example': (request) => {
          requests.push(request.url)
          return new Response('x')
        },
      },
    })
    await entrada.fetch('/public/x?y=1')
    expect(requests).toEqual(['https://chat.contoso.example/public/x?y=1'])
  })

  test('on a custom domain without ORIGIN_URL is Entrada itself, which is reported as a loop', async () => {
    let hops = 0
    const { entrada } = aGuardedChat({
      settings: { ORIGIN_URL: null },
      hosts: {
        'https://chat.contoso.example': async (request) => {
          hops += 1
          return entrada.fetch(request)
        },
      },
    })
    const browser = entrada.browser()
    await browser.signIn(CAST.adele.userPrincipalName).catch(() => undefined)
    hops = 0
    const page = await browser.open('/')
    expect(page.status).toBe(503)
    expect(page.text).toContain('Use a route rather than a custom domain')
    expect(hops).toBe(1)
  })

  test('an assertion that is not ours, or has expired, does not count as a loop', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SIGNING_KEYS: null } })
    const other = aGuardedChat()
    for (const one of [entrada, other.entrada]) {
      const browser = await signedIn(one)
      await browser.fetch('/api')
    }
    const ours = chat.last.headers.get('entrada-assertion') ?? ''
    const foreign = other.chat.last.headers.get('entrada-assertion') ?? ''
    const codeFor = async (assertion: string) => {
      const headers = { 'entrada-assertion': assertion, accept: 'application/json' }
      return (await entrada.fetch('/api', { headers })).headers.get('entrada-error')
    }
    const [head, body, signature = ''] = ours.split('.')
    const forged = `${head}.${body}.${signature.slice(0, -4)}AAAA`
    for (const assertion of ['x', '', 'e30.e30.', foreign, forged, `${ours}, ${ours}`]) {
      expect([assertion, await codeFor(assertion)]).toEqual([assertion, 'session_required'])
    }
    expect(entrada.logs.text).not.toContain('misconfigured')
    expect(await codeFor(ours)).toBe('misconfigured')
    await clock.advance(121)
    expect(await codeFor(ours)).toBe('session_required')
  })

  test('is a service binding if there is one, in place of ORIGIN_URL', async () => {
    const requests: Request[] = []
    const { entrada, chat } = aGuardedChat({
      originService: (request) => {
        requests.push(request)
        return new Response('x')
      },
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    expect(chat.requests).toEqual([])
    expect(requests.at(-1)?.url).toBe('https://chat.contoso.example/api')
    expect(requests.at(-1)?.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
  })
})
