import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'
import { serveFakeApp, type FakeApp } from './fake-app.ts'

let app: FakeApp
let entrada: ServedEntrada
beforeAll(async () => {
  app = await serveFakeApp()
  entrada = await serveEntrada({ chat: app.address, settings: { KIT_INJECT: 'guard' } })
})
afterAll(async () => {
  await entrada.close()
  app.close()
})

describe.each([
  ['a page in the back/forward cache', ['--disable-back-forward-cache'], true],
  ['a page in the HTTP cache', [], false],
] as const)('after a sign-out, *Back* to %s', (_what, without, persisted) => {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await launchChromium([], without)
  })
  afterAll(() => chromium.close())

  async function aPage(): Promise<{ context: BrowserContext; page: Page }> {
    const context = await chromium.newContext()
    const page = await context.newPage()
    await page.addInitScript(() => {
      window.addEventListener('pageshow', (event) => {
        if (location.pathname === '/c/7') localStorage.setItem('persisted', String(event.persisted))
      })
    })
    await signIn(page, entrada, CAST.adele.userPrincipalName)
    await page.goto(`${entrada.origin}/c/7`)
    return { context, page }
  }

  test('leads to sign-in and does not show the page', async () => {
    const { context, page } = await aPage()
    await page.evaluate(() => {
      const form = document.createElement('form')
      form.method = 'post'
      form.action = '/.entrada/logout'
      document.querySelector('body')?.appendChild(form)
      form.submit()
    })
    await page.waitForURL(`${entrada.origin}/.entrada/signed-out*`)
    const asked = page.waitForURL(`${entrada.hosts.login}/**`)
    await page.evaluate(() => history.back()).catch(() => undefined)
    await asked
    await page.goto(`${entrada.origin}/.entrada/signed-out`)
    const shown = await page.evaluate(() => localStorage.getItem('persisted'))
    expect(shown).toBe(String(persisted))
    await context.close()
  })

  test('hides the page while the session cannot be checked', async () => {
    const { context, page } = await aPage()
    await page.goto(`${entrada.origin}/.entrada/signed-out`)
    await context.setOffline(true)
    await page.evaluate(() => history.back())
    await page.waitForURL(`${entrada.origin}/c/7`, { waitUntil: 'commit' })
    const visibility = () => page.evaluate(() => getComputedStyle(document.body).visibility)
    await page.waitForFunction(() => getComputedStyle(document.body).visibility === 'hidden')
    await context.setOffline(false)
    // The session is active, so the page is shown unchanged.
    await page.waitForFunction(() => getComputedStyle(document.body).visibility === 'visible')
    expect(await visibility()).toBe('visible')
    await context.close()
  })
})
