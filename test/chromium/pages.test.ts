import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'
import { focusStops, inspect } from './accessibility.ts'

/** Screenshots for review; ignored by git. */
const SCREENSHOTS = '.screenshots/pages'
const CORRELATION = '5b6b1c3a-8d3a-4f0c-9c7e-0a2f0c1d2e3f'

let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  entrada = await serveEntrada({
    settings: {
      RATE_LIMITS: '{"login":{"perMinute":10000},"callback":{"perMinute":10000}}',
      OIDC_CLIENTS: JSON.stringify([
        { client_id: 'chat', client_secret: 'x'.repeat(32), redirect_uris: ['https://x.example/'] },
      ]),
    },
  })
  chromium = await launchChromium()
  mkdirSync(SCREENSHOTS, { recursive: true })
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
})

/** Returns from the sign-in service with an error. */
const refused = (error: string, number: number) => async (page: Page) => {
  await page.goto(`${entrada.origin}/`)
  await page.waitForURL(`${entrada.hosts.login}/**`)
  const answer = new URLSearchParams({
    error,
    error_description: `AADSTS${number}: text. Correlation ID: ${CORRELATION}`,
    state: new URL(page.url()).searchParams.get('state') ?? '',
  })
  await page.goto(`${entrada.origin}/oauth/openid/callback?${answer}`)
}

const at = (path: string) => async (page: Page) => {
  await page.goto(`${entrada.origin}${path}`)
}

const signedInAt = (path: string) => async (page: Page) => {
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  await page.goto(`${entrada.origin}${path}`)
}

/** Name of the screenshot, and how to reach the page. */
const PAGES: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ['signed-out', at('/.entrada/signed-out')],
  ['sign-out', signedInAt('/.entrada/oidc/logout')],
  ['renewed', signedInAt('/.entrada/renewed')],
  ['set-up-check', signedInAt('/.entrada/check')],
  ['set-up-check-failed', async (page) => {
    entrada.sandbox.faults.set('entra.wrong_secret', { times: 1 })
    await page.goto(`${entrada.origin}/.entrada/check`)
  }],
  ['not-found', at('/.entrada/nothing-here')],
  ['late-callback', at('/oauth/openid/callback?code=x&state=y')],
  ['wrong-account', refused('interaction_required', 50020)],
  ['not-assigned', refused('access_denied', 50105)],
  ['blocked-by-policy', refused('access_denied', 53003)],
  ['multi-factor', refused('interaction_required', 50076)],
  ['consent', refused('consent_required', 65001)],
  ['administrator-consent', refused('access_denied', 90094)],
  ['declined', refused('access_denied', 65004)],
  ['sign-in-loop', async (page) => {
    await signIn(page, entrada, CAST.adele.userPrincipalName)
    for (let round = 0; round < 2; round++) {
      await page.context().clearCookies({ name: '__Host-entrada' })
      await page.goto(`${entrada.origin}/`)
    }
  }],
  ['account-disabled', refused('interaction_required', 50057)],
  ['registration', refused('unauthorized_client', 700016)],
  ['service-down', refused('temporarily_unavailable', 90033)],
  ['form-not-sent', async (page) => {
    await page.goto(`${entrada.hosts.chat}/echo`)
    await page.evaluate((action) => {
      const form = document.createElement('form')
      form.method = 'post'
      form.action = action
      document.body.appendChild(form)
      form.submit()
    }, `${entrada.origin}/c/1`)
    await page.waitForURL(`${entrada.origin}/c/1`)
  }],
] // prettier-ignore

interface Opened {
  readonly context: BrowserContext
  readonly page: Page
  readonly strays: readonly string[]
  readonly complaints: readonly string[]
}

async function opened(open: (page: Page) => Promise<void>): Promise<Opened> {
  const context = await chromium.newContext({ viewport: { width: 900, height: 720 } })
  const page = await context.newPage()
  const strays: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    const isOurs = request.url().startsWith(`${entrada.origin}/`)
    // Requests of pages of the sign-in service and of the chat do not count.
    const from = request.headers()['referer'] ?? entrada.origin
    if (request.resourceType() !== 'document' && !isOurs && from.startsWith(entrada.origin)) {
      strays.push(request.url())
    }
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const isOurs = message.location().url.startsWith(entrada.origin)
    // The browser logs the status of an error page; that is no error in its content.
    const isAboutStatus = message.text().includes('Failed to load resource')
    // The window of a renewed sign-in tries to close itself, and shows instructions where it cannot.
    const isAboutClosing = message.text().startsWith('Scripts may close only the windows')
    if (isOurs && !isAboutStatus && !isAboutClosing) complaints.push(message.text())
  })
  await open(page)
  expect(page.url().startsWith(`${entrada.origin}/`)).toBe(true)
  return { context, page, strays, complaints }
}

// Each page is opened once for all of its tests, because some need many steps.
describe.each(PAGES)('the page %s [requirement 76]', (name, open) => {
  let shown: Opened
  beforeAll(async () => {
    shown = await opened(open)
  })
  afterAll(() => shown.context.close())

  test.each(['light', 'dark'] as const)('has enough contrast in the %s scheme', async (scheme) => {
    const { page } = shown
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${scheme}.png` })
    expect(await inspect(page)).toMatchObject({
      headings: 1,
      mains: 1,
      language: 'en',
      faint: [],
      nameless: 0,
      overflows: false,
    })
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const [red = 0] = (/\d+/.exec(background) ?? []).map(Number)
    expect(red > 128).toBe(scheme === 'light')
  })

  test('can be used by keyboard and shows the focus', async () => {
    for (const stop of await focusStops(shown.page)) {
      expect([stop.name, stop.shown]).toEqual([expect.stringMatching(/\S/), true])
    }
  })

  test('loads nothing from other hosts, logs no error and runs no injected script', async () => {
    const { page, strays, complaints } = shown
    expect(strays).toEqual([])
    expect(complaints).toEqual([])
    const ran = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'window.foreign = true'
      document.head.appendChild(script)
      return 'foreign' in window
    })
    expect(ran).toBe(false)
  })

  test('fits the screen of a phone', async () => {
    const { page } = shown
    await page.setViewportSize({ width: 320, height: 640 })
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-small.png`, fullPage: true })
    expect((await inspect(page)).overflows).toBe(false)
  })
})

test('the button of the sign-out page leads through Microsoft’s sign-out to the signed-out page [requirement 84]', async () => {
  const { context, page, complaints } = await opened(signedInAt('/.entrada/oidc/logout'))
  const seen: string[] = []
  page.on('request', (request) => {
    if (request.isNavigationRequest()) seen.push(new URL(request.url()).origin)
  })
  await page.getByRole('button', { name: 'Sign out' }).click()
  // Its form is redirected to another site, which the page's policy must allow.
  await page.waitForURL(`${entrada.origin}/.entrada/signed-out`)
  expect(seen).toContain(new URL(entrada.hosts.login).origin)
  expect(complaints).toEqual([])
  expect((await context.cookies(entrada.origin)).map(({ name }) => name)).not.toContain(
    '__Host-entrada',
  )
  await context.close()
})
