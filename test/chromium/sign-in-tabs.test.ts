import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  entrada = await serveEntrada()
  chromium = await launchChromium()
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
})

/** A tab that shows the account picker. */
async function atSignIn(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${entrada.origin}${path}`)
  await page.waitForURL(`${entrada.hosts.login}/**`)
  return page
}

async function finish(page: Page): Promise<void> {
  await page.locator(`button[name=account][value="${CAST.adele.userPrincipalName}"]`).click()
  const consent = page.locator('button[name=decision][value=accept]')
  await Promise.race([page.waitForURL(`${entrada.origin}/**`), consent.waitFor()])
  if (new URL(page.url()).origin !== entrada.origin) await consent.click()
  await page.waitForURL(`${entrada.origin}/**`)
}

describe('two tabs', () => {
  test.each([
    ['in the order they began', [0, 1]],
    ['in reverse order', [1, 0]],
  ] as const)(
    'finish signing in %s, each at its requested page [requirement 18]',
    async (_order, order) => {
      const context = await chromium.newContext()
      const tabs = [await atSignIn(context, '/echo?tab=0'), await atSignIn(context, '/echo?tab=1')]
      for (const index of order) {
        const tab = tabs[index] ?? expect.unreachable()
        await finish(tab)
        expect(tab.url()).toBe(`${entrada.origin}/echo?tab=${index}`)
      }
      const left = await context.cookies(entrada.origin)
      expect(left.filter(({ name }) => name.startsWith('__Host-entrada-login'))).toEqual([])
      await context.close()
    },
  )

  test('the callback of one, opened again, shows the chat [requirement 21]', async () => {
    const context = await chromium.newContext()
    const page = await atSignIn(context, '/')
    const callbacks: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/oauth/openid/callback')) callbacks.push(request.url())
    })
    await finish(page)
    const [callback = ''] = callbacks
    const again = await context.newPage()
    await again.goto(callback)
    expect(again.url()).toBe(`${entrada.origin}/`)
    await context.close()
  })
})

test('the cookie of the attempt is sent on the redirect back from another site [requirement 18]', async () => {
  const context = await chromium.newContext()
  const page = await atSignIn(context, '/')
  const attempt = (await context.cookies(entrada.origin)).find(({ name }) =>
    name.startsWith('__Host-entrada-login-'),
  )
  expect(attempt).toMatchObject({ sameSite: 'Lax', httpOnly: true, secure: true, path: '/' })
  const returning = page.waitForRequest((request) =>
    request.url().includes('/oauth/openid/callback'),
  )
  await finish(page)
  const headers = await (await returning).allHeaders()
  // The sandbox is on 127.0.0.1 and Entrada on localhost: different sites, as Entra and a chat are.
  expect(headers['sec-fetch-site']).toBe('cross-site')
  expect(headers['cookie']).toContain(attempt?.name)
  const session = (await context.cookies(entrada.origin)).find(
    ({ name }) => name === '__Host-entrada',
  )
  expect(session).toMatchObject({ sameSite: 'Lax', httpOnly: true, secure: true, path: '/' })
  await context.close()
})

test('a form of another site sends no session cookie, but a link does [requirement 77]', async () => {
  const context = await chromium.newContext()
  await finish(await atSignIn(context, '/'))
  const page = await context.newPage()
  await page.goto(`${entrada.hosts.chat}/echo`)
  await page.evaluate((action) => {
    const form = document.createElement('form')
    form.method = 'post'
    form.action = action
    document.body.appendChild(form)
    form.submit()
  }, `${entrada.origin}/.entrada/logout`)
  await page.waitForURL(`${entrada.origin}/**`)
  expect(await page.locator('dd').first().textContent()).toBe('cross_site_refused')
  await page.goto(`${entrada.hosts.chat}/echo`)
  await page.evaluate((address) => {
    window.location.href = address
  }, `${entrada.origin}/echo?from=link`)
  await page.waitForURL(`${entrada.origin}/echo?from=link`)
  expect(await page.content()).toContain(CAST.adele.id)
  await context.close()
})
