import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
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

test('a member signs in with one click and reaches the chat', async () => {
  const context = await chromium.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/security policy|refused to/i.test(message.text())) complaints.push(message.text())
  })
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  const session = await page.request.get(`${entrada.origin}/.entrada/session`)
  expect(await session.json()).toMatchObject({ user: { id: CAST.adele.id } })
  const cookies = await context.cookies(entrada.origin)
  expect(cookies.find(({ name }) => name === '__Host-entrada')).toMatchObject({
    httpOnly: true,
    secure: true,
    path: '/',
  })
  expect(complaints).toEqual([])
})
