import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

const RENEW = '/.entrada/login?return_to=%2F.entrada%2Frenewed'

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

/** Collects the messages on the channel in that page. */
function listen(page: Page): Promise<void> {
  return page.evaluate(() => {
    const heard: unknown[] = []
    Object.assign(window, { heard })
    new BroadcastChannel('entrada-session').addEventListener('message', ({ data }) =>
      heard.push(data),
    )
  })
}

function heardBy(page: Page): Promise<unknown> {
  return page.evaluate((): unknown => Object.getOwnPropertyDescriptor(window, 'heard')?.value)
}

/** The chat in one tab and a page of another origin in a second tab, after the session has ended. */
async function aPersonWithoutSession(): Promise<{
  context: BrowserContext
  chat: Page
  foreign: Page
}> {
  const context = await chromium.newContext()
  const chat = await context.newPage()
  await signIn(chat, entrada, CAST.adele.userPrincipalName)
  const foreign = await context.newPage()
  await foreign.goto(`${entrada.hosts.chat}/`)
  await listen(chat)
  await listen(foreign)
  await context.clearCookies({ name: '__Host-entrada' })
  return { context, chat, foreign }
}

test('signing in again in a popup notifies only this origin and closes the popup [requirement 53]', async () => {
  const { context, chat, foreign } = await aPersonWithoutSession()
  const opening = context.waitForEvent('page')
  await chat.evaluate((address) => {
    window.open(address, 'renewal', 'popup,width=480,height=640')
  }, RENEW)
  const popup = await opening
  if (!popup.isClosed()) await popup.waitForEvent('close')
  expect(await heardBy(chat)).toEqual([{ type: 'entrada:renewed' }])
  expect(await heardBy(foreign)).toEqual([])
  // The page that opened the popup is unchanged, and its next request has a session.
  expect(await chat.evaluate(async () => (await fetch('/.entrada/session')).status)).toBe(200)
  await context.close()
})

test('in an ordinary tab the page stays open and says what to do [requirement 53]', async () => {
  const { context, chat } = await aPersonWithoutSession()
  const tab = await context.newPage()
  await tab.goto(`${entrada.origin}${RENEW}`)
  await tab.waitForURL(`${entrada.origin}/.entrada/renewed`)
  expect(await tab.getByRole('heading', { level: 1 }).textContent()).toBe('You are signed in again')
  await tab.waitForTimeout(300)
  expect(tab.isClosed()).toBe(false)
  expect(await heardBy(chat)).toEqual([{ type: 'entrada:renewed' }])
  await tab.getByRole('link', { name: 'Open the chat here' }).click()
  await tab.waitForURL(`${entrada.origin}/`)
  await context.close()
})

test('without a session the page does not report a renewal [requirement 53]', async () => {
  const { context, chat } = await aPersonWithoutSession()
  const tab = await context.newPage()
  // Microsoft has no session either and shows its sign-in page.
  await context.clearCookies()
  await tab.goto(`${entrada.origin}/.entrada/renewed`)
  // A page load without a session leads to sign-in, like every other page of ours.
  expect(new URL(tab.url()).origin).toBe(new URL(entrada.hosts.login).origin)
  await tab.waitForTimeout(300)
  expect(await heardBy(chat)).toEqual([])
  await context.close()
})
