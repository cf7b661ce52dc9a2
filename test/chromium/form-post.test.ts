import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
let chromium: Browser
beforeAll(async () => {
  const client = {
    client_id: 'chat',
    client_secret: 'a-secret-of-32-characters-or-more',
    redirect_uris: ['http://localhost/oauth/openid/callback'],
  }
  entrada = await serveEntrada({ settings: { OIDC_CLIENTS: JSON.stringify([client]) } })
  chromium = await launchChromium()
})
afterAll(async () => {
  await chromium.close()
  await entrada.close()
})

test('a browser submits the form by itself, and the page’s policy allows it', async () => {
  const context = await chromium.newContext()
  const page = await context.newPage()
  await signIn(page, entrada, CAST.adele.userPrincipalName)
  const redirectUri = 'http://localhost/oauth/openid/callback'
  await page.route(`${redirectUri}**`, (route) => route.fulfill({ body: 'arrived' }))
  const url = new URL(`${entrada.origin}/.entrada/oidc/authorize`)
  url.search = new URLSearchParams({
    client_id: 'chat',
    redirect_uri: redirectUri,
    response_type: 'code',
    response_mode: 'form_post',
    scope: 'openid',
    state: 'the state',
  }).toString()
  const arriving = page.waitForRequest((request) => request.url().startsWith(redirectUri))
  await page.goto(url.href)
  const request = await arriving
  expect(request.method()).toBe('POST')
  expect(Object.fromEntries(new URLSearchParams(request.postData() ?? ''))).toEqual({
    code: expect.any(String),
    state: 'the state',
    iss: `${entrada.origin}/.entrada/oidc`,
  })
  expect((await request.allHeaders())['origin']).toBe(entrada.origin)
  await context.close()
})
