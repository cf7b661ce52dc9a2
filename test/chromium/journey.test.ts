import { mkdirSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

/** Screenshots of a new user's first visit, for review; ignored by git. */
const SCREENSHOTS = '.screenshots'

let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  entrada = await serveEntrada()
  const { entra, hosts } = entrada.sandbox
  entra.grantAdminConsent([
    'User.Read',
    'People.Read',
    'User.ReadBasic.All',
    'GroupMember.Read.All',
    'Files.Read.All',
    'Sites.Read.All',
  ])
  entra.grantAdminConsent(['AllSites.Read', 'MyFiles.Read'], hosts.sharePoint)
  chromium = await launchChromium()
  mkdirSync(SCREENSHOTS, { recursive: true })
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
})

test('a new user signs in, finds a colleague, attaches a file, chats and signs out', async () => {
  const context = await chromium.newContext({ viewport: { width: 1100, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  await page.getByRole('heading', { name: 'Hello, Adele' }).waitFor()

  await page.locator('#open-finder').click()
  await page.locator('#finder-query').fill('megan bo')
  await page
    .getByRole('option', { name: /Megan Bowen/ })
    .first()
    .click()

  await page.locator('#open-picker').click()
  const host = page.frameLocator('#picker-frame')
  const picker = host.frameLocator('iframe')
  await picker.locator('[data-item="Documents"]').click()
  await picker.locator('[data-item="Travel policy.pdf"]').click()
  // The frame disappears before the click is reported as done.
  picker
    .locator('[data-action=pick]')
    .click()
    .catch(() => undefined)
  await page.locator('.chip[data-state=ready]').filter({ hasText: 'Travel policy.pdf' }).waitFor()

  await page.locator('#message').pressSequentially('what does the travel policy say?')
  await page.locator('#send').click()
  await page.getByText('about Megan Bowen').waitFor()
  await page.getByText('no Microsoft token').waitFor()
  await page.screenshot({ path: `${SCREENSHOTS}/journey.png`, fullPage: true })

  await page.getByRole('button', { name: /Account of/ }).click()
  await page.locator('#sign-out button').click()
  await page.waitForURL((url) => url.pathname === '/.entrada/signed-out')
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  expect(errors).toEqual([])
  const cookies = await context.cookies(entrada.origin)
  expect(cookies.filter(({ name }) => name === '__Host-entrada')).toEqual([])
}, 120_000)
