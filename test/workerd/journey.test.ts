import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { secretsOf } from '../support/secrets.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
beforeAll(async () => {
  entrada = await serveEntrada()
})
afterAll(() => entrada.close())

test('a member signs in on the real runtime and is known to the chat', async () => {
  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName, '/echo?from=link')
  expect(page.url.href).toBe(`${entrada.origin}/echo?from=link`)
  expect(page.text).toContain(CAST.adele.id)
})

test('a session outlives a deployment, for it lives in storage', async () => {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  await entrada.restart()
  const response = await browser.fetch('/.entrada/session')
  expect(await response.json()).toMatchObject({ user: { id: CAST.adele.id } })
})

test('neither storage nor log holds a secret as it is', async () => {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  const { sandbox } = entrada
  const secrets = secretsOf({ sandbox, settings: {}, jars: [browser.cookies] })
  const stored = entrada.dump()
  expect(stored).toContain('refresh-token/')
  expect(entrada.logs.events().length).toBeGreaterThan(0)
  const found = [...secrets].filter(
    ([secret]) => stored.includes(secret) || entrada.logs.text.includes(secret),
  )
  expect(found.map(([, what]) => what)).toEqual([])
})
