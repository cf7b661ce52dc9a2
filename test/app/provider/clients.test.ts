import * as oidc from 'openid-client'
import { describe, expect, test } from 'vitest'
import { aChat, REDIRECT_URI, CLIENT_ID, codeFor, ISSUER, redeem } from './fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* How common clients authenticate, and the errors they get. */

const BARE = { client_id: null, client_secret: null }

function aChatWith(secret: string, id = CLIENT_ID) {
  const clients = [{ client_id: id, client_secret: secret, redirect_uris: [REDIRECT_URI] }]
  return aChat([], { settings: { OIDC_CLIENTS: JSON.stringify(clients) } })
}

function basic(credentials: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

const SECRETS = [
  'plus+and/slash==0123456789abcdefghij',
  'percent%41%2Bthat-decodes-0123456789',
  'percent%-that-does-not-decode-%zz-01',
  'colon:in:the:middle-0123456789abcdef',
]

describe('a client secret in the Authorization header', () => {
  // RFC 6749 §2.3.1 requires both parts form-encoded; Authlib, arctic and the MCP SDK send them unencoded.
  test.each(SECRETS)('%s is accepted form-encoded and unencoded', async (secret) => {
    const scene = aChatWith(secret)
    const browser = await signedIn(scene.entrada)
    const encoded = new URLSearchParams({ '': secret }).toString().slice(1)
    for (const text of [encoded, encodeURIComponent(secret), secret]) {
      const header = basic(`${CLIENT_ID}:${text}`)
      const response = await redeem(scene, { code: await codeFor(browser), ...BARE }, header)
      expect([text, response.status]).toEqual([text, 200])
    }
  })

  test.each(SECRETS)(
    '%s is refused with one changed character, in either encoding',
    async (secret) => {
      const scene = aChatWith(secret)
      const code = await codeFor(await signedIn(scene.entrada))
      const wrong = `${secret.slice(0, -1)}!`
      for (const text of [
        wrong,
        encodeURIComponent(wrong),
        encodeURIComponent(encodeURIComponent(secret)),
      ]) {
        const response = await redeem(scene, { code, ...BARE }, basic(`${CLIENT_ID}:${text}`))
        expect([text, response.status]).toEqual([text, 401])
      }
    },
  )

  test('belongs to the client that the header names, in either encoding of its id', async () => {
    const id = 'https://chat.example/a+b'
    const secret = SECRETS[0] ?? ''
    const scene = aChatWith(secret, id)
    const browser = await signedIn(scene.entrada)
    const header = basic(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)
    const code = await codeFor(browser, { client_id: id })
    expect((await redeem(scene, { code, ...BARE }, header)).status).toBe(200)
  })
})

describe('a wrong client secret', () => {
  const WRONG = 'not-the-secret-but-as-long-as-it-is-01'

  async function refresh(authentication: oidc.ClientAuth): Promise<unknown> {
    const scene = aChat([], { OPENID_CLIENT_SECRET: WRONG, authentication })
    await signedIn(scene.entrada)
    return scene.chat.refresh('any').catch((cause: unknown) => cause)
  }

  test('in the form gives openid-client, which LibreChat uses, an OAuth error', async () => {
    const cause = await refresh(oidc.ClientSecretPost(WRONG))
    expect(cause).toBeInstanceOf(oidc.ResponseBodyError)
    expect(cause).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('in the header is answered with a challenge that has a realm (RFC 7617 §2)', async () => {
    const cause = await refresh(oidc.ClientSecretBasic(WRONG))
    expect(cause).toBeInstanceOf(oidc.WWWAuthenticateChallengeError)
    expect(cause).toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { realm: ISSUER } }],
    })
  })
})
