import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'
import { serveFakeApp, type FakeApp } from './fake-app.ts'

let app: FakeApp
let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  app = await serveFakeApp()
  entrada = await serveEntrada({ chat: app.address, settings: { KIT_INJECT: 'guard' } })
  chromium = await launchChromium()
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
  app.close()
})

type RequestKind = 'fetch' | 'xhr' | 'events' | 'socket' | 'anonymous' | 'broken'

/** The functions of the app's page that a test calls. */
interface AppWindow {
  readonly requests: Readonly<Record<RequestKind, () => unknown>>
}

async function anApp(): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const context = await chromium.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  await page.goto(`${entrada.origin}/c/7?model=x#here`)
  return { context, page, complaints }
}

/** Ends the session without the page's knowledge. */
async function endSession(context: BrowserContext): Promise<void> {
  const [session] = (await context.cookies(entrada.origin)).filter(
    ({ name }) => name === '__Host-entrada',
  )
  const response = await entrada.fetch('/.entrada/logout', {
    method: 'POST',
    headers: { cookie: `__Host-entrada=${session?.value}`, 'sec-fetch-site': 'same-origin' },
  })
  expect(response.status).toBe(200)
}

function ask(page: Page, kind: RequestKind): Promise<void> {
  return page.evaluate((name) => {
    const { requests } = window as unknown as AppWindow
    requests[name]()
  }, kind)
}

/** Waits until a second reload, if there were one, would have happened. */
function quiet(page: Page): Promise<void> {
  return page.waitForTimeout(1500)
}

async function isSignedIn(page: Page): Promise<boolean> {
  return page.evaluate(async () => (await fetch('/.entrada/session')).ok)
}

describe('an app whose session has ended [requirement 54]', () => {
  test.each(['fetch', 'xhr', 'events', 'socket'] as const)(
    'is reloaded once when its %s fails, and is at the same address with a new session',
    async (kind) => {
      const { context, page, complaints } = await anApp()
      await endSession(context)
      const before = app.loads()
      const back = page.waitForEvent('load')
      await ask(page, kind)
      await back
      await page.waitForURL(`${entrada.origin}/c/7?model=x#here`)
      await quiet(page)
      expect(app.loads() - before).toBe(1)
      expect(await isSignedIn(page)).toBe(true)
      expect(complaints).toEqual([])
      // The next end of a session reloads again. The redirect-loop guard allows one sign-in a minute.
      await context.clearCookies({ name: '__Host-entrada-recent' })
      await endSession(context)
      const again = page.waitForEvent('load')
      await ask(page, kind)
      await again
      expect(await isSignedIn(page)).toBe(true)
      await context.close()
    },
  )

  test('and whose page comes from a service worker is reloaded only once', async () => {
    const { context, page } = await anApp()
    await page.goto(`${entrada.origin}/`)
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js')
      await navigator.serviceWorker.ready
    })
    await endSession(context)
    let loads = 0
    page.on('load', () => {
      loads += 1
    })
    for (let round = 0; round < 4; round++) {
      await ask(page, 'fetch').catch(() => undefined)
      await page.waitForTimeout(2100)
    }
    expect(loads).toBe(1)
    await context.close()
  })

  test('can handle the end of the session itself', async () => {
    const { context, page } = await anApp()
    await page.evaluate(() => {
      window.addEventListener('entrada:session-ended', (event) => {
        event.preventDefault()
        document.title = 'Session ended'
      })
    })
    await endSession(context)
    const before = app.loads()
    await ask(page, 'fetch')
    await page.waitForFunction(() => document.title === 'Session ended')
    await quiet(page)
    expect(app.loads()).toBe(before)
    await context.close()
  })

  test('in a hidden tab is reloaded when the tab is shown', async () => {
    const { context, page } = await anApp()
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })
    })
    await endSession(context)
    const before = app.loads()
    await ask(page, 'fetch')
    await quiet(page)
    expect(app.loads()).toBe(before)
    const back = page.waitForEvent('load')
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'visible' })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await back
    expect(await isSignedIn(page)).toBe(true)
    await context.close()
  })
})

describe('an app with an active session', () => {
  test.each([
    ['sends a request without cookies', 'anonymous'],
    ['gets a 401 from the chat itself', 'broken'],
  ] as const)('and that %s is left alone', async (_what, kind) => {
    const { context, page } = await anApp()
    const before = app.loads()
    await ask(page, kind)
    await quiet(page)
    expect(app.loads()).toBe(before)
    await context.close()
  })

  test('is not affected by the guard', async () => {
    const { context, page, complaints } = await anApp()
    const seen = await page.evaluate(async () => {
      const stream = new EventSource('/api/events')
      const first = await new Promise((resolve) => {
        stream.addEventListener('message', ({ data }) => resolve(data))
      })
      stream.close()
      const answer = fetch('/api/data')
      return {
        first,
        isPromise: answer instanceof Promise,
        status: (await answer).status,
        isEventSource: stream instanceof EventSource,
        constants: [EventSource.CLOSED, WebSocket.OPEN],
        names: [fetch.name, EventSource.name, WebSocket.name],
        refuses: await fetch('http://[').catch((cause: unknown) => cause instanceof TypeError),
      }
    })
    expect(seen).toEqual({
      first: '1',
      isPromise: true,
      status: 200,
      isEventSource: true,
      constants: [2, 1],
      names: ['fetch', 'EventSource', 'WebSocket'],
      refuses: true,
    })
    expect(complaints).toEqual([])
    await context.close()
  })
})
