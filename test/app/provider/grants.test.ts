import { expect, test } from 'vitest'
import { SealedBox } from '../../../src/crypto/web-crypto.ts'
import type { Entrada } from '../../support/entrada.ts'
import { aChat, codeFor, ISSUER, redeem, signedInAtChat } from './fixture.ts'
import { cookieOf, signedIn, signOut } from '../../support/scene.ts'

/* An attacker with a chat's database and every Worker secret, but without the storage of the objects. */

/** Decrypts a chat's code or token with the key ring of the Worker. */
async function opened(entrada: Entrada, purpose: string, token: string): Promise<string> {
  const box = new SealedBox(String(entrada.settings['OPENID_SESSION_SECRET']).split(','))
  return (await box.open(token, { purpose, bound: [ISSUER] })) ?? ''
}

test('a chat’s tokens and the Worker’s secrets do not open a session [requirement 37]', async () => {
  const scene = aChat()
  const browser = await signedInAtChat(scene)
  const { access_token: accessToken, refresh_token: refreshToken = '' } = scene.chat.tokens
  const plain = [
    await opened(scene.entrada, 'oidc-code', await codeFor(browser)),
    await opened(scene.entrada, 'oidc-access-token', accessToken),
    await opened(scene.entrada, 'oidc-refresh-token', refreshToken),
  ]
  const [, secret = 'none'] = cookieOf(browser).split('.')
  const { sessions } = await (
    await browser.fetch('/.entrada/sessions')
  ).json<{
    sessions: { id: string }[]
  }>()
  const box = new SealedBox(String(scene.entrada.settings['OPENID_SESSION_SECRET']).split(','))
  for (const text of plain) {
    const grant: Record<string, string> = JSON.parse(text)
    expect(grant['clientId']).toBe('librechat')
    expect(text).not.toContain(secret)
    // The key ring alone does not open the sealed session secret either.
    const context = { purpose: 'wrapped-secret', bound: [sessions[0]?.id ?? ''] }
    const wrapped = grant['wrappedSecret'] ?? ''
    expect(wrapped).toMatch(/^v1\./)
    expect(await box.open(wrapped, context)).toBeNull()
    expect(await box.open(wrapped, { ...context, secret: '' })).toBeNull()
  }
})

test('a grant of one session opens no other session', async () => {
  const scene = aChat()
  const adele = await signedInAtChat(scene)
  const { refresh_token: refreshToken = '' } = scene.chat.tokens
  const other = await signedIn(scene.entrada, 'alex')
  await codeFor(other)
  const box = new SealedBox(String(scene.entrada.settings['OPENID_SESSION_SECRET']).split(','))
  const context = { purpose: 'oidc-refresh-token', bound: [ISSUER] }
  const grant: object = JSON.parse((await box.open(refreshToken, context)) ?? '')
  const [sessionName = ''] = cookieOf(other).split('.')
  const moved = await box.seal(JSON.stringify({ ...grant, sessionName }), context)
  const response = await redeem(scene, { grant_type: 'refresh_token', refresh_token: moved })
  expect(response.status).toBe(400)
  expect((await adele.fetch('/.entrada/session')).status).toBe(200)
})

test('a grant ends with its session, and the session object is left empty', async () => {
  const scene = aChat()
  const browser = await signedInAtChat(scene)
  await signOut(browser)
  await expect(scene.chat.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(scene.chat.userInfo()).rejects.toMatchObject({ status: 401 })
  const tables = scene.entrada.platform.objects.SESSIONS.hosts.flatMap(({ disk }) =>
    disk.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all(),
  )
  expect(tables).toEqual([])
})
