import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'
import { serveFakeApp, type FakeApp } from './fake-app.ts'

/* The chat's service worker has the scope `/` and answers every page load from its cache, also for Entrada's paths. */

/** Browsers fetch a module worker and its imports without cookies. */
const OPEN = 'GET /greedy-module.js, GET /greedy-part.js'

let app: FakeApp
let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  app = await serveFakeApp()
  entrada = await serveEntrada({
    chat: app.address,
    settings: { KIT_INJECT: 'guard', SKIP_AUTH_ROUTES: OPEN },
  })
  chromium = await launchChromium()
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
  app.close()
})

async function anInstalledApp(script: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.newContext()
  const page = await context.newPage()
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  await page.evaluate(async (address) => {
    const type = address.includes('module') ? 'module' : 'classic'
    await navigator.serviceWorker.register(address, { type })
    await navigator.serviceWorker.ready
    while (navigator.serviceWorker.controller === null) {
      await new Promise((go) => setTimeout(go, 20))
    }
  }, script)
  return { context, page }
}

async function endSession(context: BrowserContext): Promise<void> {
  const cookies = await context.cookies(entrada.origin)
  const session = cookies.find(({ name }) => name === '__Host-entrada')
  await entrada.fetch('/.entrada/logout', {
    method: 'POST',
    headers: { cookie: `__Host-entrada=${session?.value}`, 'sec-fetch-site': 'same-origin' },
  })
  // The redirect-loop guard allows one sign-in a minute.
  await context.clearCookies({ name: '__Host-entrada-recent' })
}

function isSignedIn(page: Page): Promise<boolean> {
  return page.evaluate(async () => (await fetch('/.entrada/session')).ok)
}

test.each(['/greedy.js', '/greedy-module.js'])(
  'a user signs in again although the chat’s service worker %s answers page loads [requirement 55]',
  async (script) => {
    const { context, page } = await anInstalledApp(script)
    const before = app.loads()
    await page.goto(`${entrada.origin}/c/7`)
    // With a session, the worker answers.
    expect(app.loads()).toBe(before)
    await endSession(context)
    await page.goto(`${entrada.origin}/c/7?model=x`)
    await page.waitForURL(`${entrada.origin}/c/7?model=x`)
    expect(await isSignedIn(page)).toBe(true)
    await context.close()
  },
)

test('the chat’s service worker does not answer Entrada’s own pages and requests', async () => {
  const { context, page } = await anInstalledApp('/greedy.js')
  await page.goto(`${entrada.origin}/.entrada/signed-out`)
  expect(await page.title()).toBe('You are signed out')
  await page.goto(`${entrada.origin}/c/7`)
  const text = await page.evaluate(async () => (await fetch('/.entrada/session')).text())
  expect(text).not.toBe('from the worker')
  await context.close()
})

test('without a network the service worker shows the chat from its cache', async () => {
  const { context, page } = await anInstalledApp('/greedy.js')
  await context.setOffline(true)
  await page.goto(`${entrada.origin}/c/7`)
  expect(await page.title()).toBe('App')
  await context.close()
})

test('a service worker installed before the guard is replaced at its next update check when there is no session', async () => {
  await entrada.restart({ KIT_INJECT: '' })
  const { context, page } = await anInstalledApp('/greedy.js')
  await endSession(context)
  await entrada.restart({ KIT_INJECT: 'guard' })
  await page.goto(`${entrada.origin}/c/7`)
  expect(await page.title()).toBe('App')
  expect(await page.evaluate(async () => (await fetch('/api/data')).status)).toBe(401)
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    const old = registration.active
    await registration.update()
    while (registration.active === old) await new Promise((go) => setTimeout(go, 20))
  })
  await page.goto(`${entrada.origin}/c/7`)
  await page.waitForURL(`${entrada.origin}/c/7`)
  expect(await isSignedIn(page)).toBe(true)
  // The app registers its own worker again, now with the guard's lines. The end of the next session keeps it.
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.register('/greedy.js')
    while (registration.installing ?? registration.waiting) {
      await new Promise((go) => setTimeout(go, 20))
    }
  })
  await endSession(context)
  const isReplaced = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    const old = registration.active
    await registration.update().catch(() => undefined)
    // The update found another script and ends with a new active worker.
    while (registration.installing ?? registration.waiting) {
      await new Promise((go) => setTimeout(go, 20))
    }
    return registration.active !== old
  })
  expect(isReplaced).toBe(false)
  await context.close()
})
