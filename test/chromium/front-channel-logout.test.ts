import type { Browser, Request } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  entrada = await serveEntrada()
  entrada.sandbox.registration = {
    ...entrada.sandbox.registration,
    frontChannelLogoutUrl: `${entrada.origin}/.entrada/frontchannel-logout`,
  }
  // Blocks third-party cookies, as many browsers do by default.
  chromium = await launchChromium(['--test-third-party-cookie-phaseout'])
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
})

test('signing out at the sign-in service ends the session by a frame without cookies [requirement 85]', async () => {
  const context = await chromium.newContext()
  const chat = await context.newPage()
  await signIn(chat, entrada, CAST.adele.userPrincipalName)
  const complaints: string[] = []
  const elsewhere = await context.newPage()
  elsewhere.on('console', (message) => complaints.push(message.text()))
  const notice = elsewhere.waitForRequest((request: Request) =>
    request.url().includes('/.entrada/frontchannel-logout'),
  )
  await elsewhere.goto(`${entrada.hosts.login}/${CONTOSO}/oauth2/v2.0/logout`)
  await elsewhere.locator(`button[name=account]`).click()
  const request = await notice
  const headers = await request.allHeaders()
  expect(request.resourceType()).toBe('document')
  expect([headers['sec-fetch-dest'], headers['sec-fetch-site']]).toEqual(['iframe', 'cross-site'])
  expect(headers['cookie']).toBeUndefined()
  expect((await request.response())?.status()).toBe(200)
  // The frame is shown: a browser that blocks a frame logs an error.
  expect(complaints.filter((text) => /frame|refused|violates/i.test(text))).toEqual([])
  expect(await chat.evaluate(async () => (await fetch('/.entrada/session')).status)).toBe(401)
  await context.close()
})

test('another site cannot frame it [requirement 85]', async () => {
  const context = await chromium.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto(`${entrada.hosts.chat}/echo`)
  await page.evaluate((address) => {
    const frame = document.createElement('iframe')
    frame.src = address
    document.body.appendChild(frame)
  }, `${entrada.origin}/.entrada/frontchannel-logout?sid=x`)
  await expect.poll(() => complaints.join('\n')).toMatch(/frame-ancestors/)
  await context.close()
})
