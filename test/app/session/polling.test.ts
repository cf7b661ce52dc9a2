import { describe, expect, test } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type TestSettings } from '../../support/entrada.ts'
import { aScene } from '../../support/scene.ts'

const SETTINGS: TestSettings = {
  SESSION_IDLE_SECONDS: '3600',
  SESSION_CHECK_SECONDS: '10',
  SESSION_POLLING_ROUTES: 'GET /api/unread, POST /api/presence/*, GET /.entrada/session',
}

/** Sends a request every `everySeconds` for that long; returns the last status. */
async function poll(
  browser: Browser,
  [method, path]: readonly [string, string],
  { forSeconds, everySeconds }: { readonly forSeconds: number; readonly everySeconds: number },
): Promise<number> {
  let status = 0
  for (let passed = 0; passed < forSeconds; passed += everySeconds) {
    await clock.advance(everySeconds)
    const response = await browser.fetch(path, { method })
    await response.body?.cancel()
    status = response.status
  }
  return status
}

const HOUR = { forSeconds: 3700, everySeconds: 100 }

describe('background polling [requirement 31]', () => {
  test.each([
    ['GET', '/api/unread'],
    ['POST', '/api/presence/me'],
    ['GET', '/.entrada/session'],
  ] as const)(
    '%s %s with the polling header does not keep a session from going idle',
    async (...request) => {
      const { browser } = await aScene({ settings: SETTINGS })
      expect(await poll(browser, request, HOUR)).toBe(401)
    },
  )

  test.each([
    ['GET', '/api/messages'],
    ['POST', '/api/unread'],
    ['GET', '/api/unread/more'],
    ['GET', '/api/%75nread'],
  ] as const)('%s %s, which is not marked, does', async (...request) => {
    const { browser } = await aScene({ settings: SETTINGS })
    expect(await poll(browser, request, HOUR)).not.toBe(401)
  })

  test('keeps the session from going idle where SESSION_POLLING_ROUTES is empty', async () => {
    const { browser } = await aScene({ settings: { ...SETTINGS, SESSION_POLLING_ROUTES: null } })
    expect(await poll(browser, ['GET', '/api/unread'], HOUR)).not.toBe(401)
  })

  test('does not hide user activity in between from the object', async () => {
    const { browser } = await aScene({ settings: SETTINGS })
    // Two hours of work, during which polling keeps this isolate's cache warm.
    for (let passed = 0; passed < 7200; passed += 4) {
      const paths = passed % 400 === 200 ? ['/api/unread', '/avatar.png'] : ['/api/unread']
      for (const path of paths) {
        const response = await browser.load(path, 'image')
        await response.body?.cancel()
        expect(response.status).not.toBe(401)
      }
      await clock.advance(4)
    }
    expect(await poll(browser, ['GET', '/api/unread'], HOUR)).toBe(401)
  })

  test('costs a warm isolate no object call', async () => {
    const { entrada, browser } = await aScene({ settings: SETTINGS })
    await browser.load('/avatar.png', 'image')
    const before = entrada.platform.count('SESSIONS')
    for (let index = 0; index < 20; index++) {
      await browser.load(index % 2 === 0 ? '/avatar.png' : '/api/unread', 'image')
    }
    expect(entrada.platform.count('SESSIONS')).toBe(before)
  })
})

test.each(['/api/unread', 'get /api', 'GET api', 'GET /a?b=1', 'GET /../a'])(
  'SESSION_POLLING_ROUTES=%s is an invalid setting',
  async (value) => {
    const entrada = anEntrada({ settings: { SESSION_POLLING_ROUTES: value } })
    expect((await entrada.fetch('/')).headers.get('entrada-error')).toBe('misconfigured')
    expect(entrada.logs.text).toContain('SESSION_POLLING_ROUTES')
  },
)
