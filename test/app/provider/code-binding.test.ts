import { describe, expect, test } from 'vitest'
import { CHAT_ORIGIN, ChatDouble } from '../../support/chat-double.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerTo, authorizeUrl, REDIRECT_URI, CLIENT_ID, CLIENT_SECRET } from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/*
 * LibreChat and Open WebUI send no PKCE challenge by default. Even then a code of one browser must not sign
 * another browser in at the chat (RFC 9700 §4.5, code injection).
 */

const ELSEWHERE = 'https://elsewhere.example/back'

function aChatWithoutPkce() {
  const chat = new ChatDouble()
  const client = {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI, `${HOME}/other?from=entrada`, ELSEWHERE],
  }
  const entrada = anEntrada({
    hosts: { [CHAT_ORIGIN]: chat.handle },
    settings: {
      ORIGIN_URL: CHAT_ORIGIN,
      OIDC_CLIENTS: JSON.stringify([client]),
      SKIP_AUTH_ROUTES: 'GET /other',
    },
  })
  return { entrada, chat }
}

describe('a code without PKCE', () => {
  test.each([REDIRECT_URI, `${HOME}/other?from=entrada`])(
    'reaches the chat at %s only in the browser it was issued in',
    async (redirectUri) => {
      const { entrada, chat } = aChatWithoutPkce()
      const mallory = await signedIn(entrada, 'alex')
      const stolen = await answerTo(mallory, authorizeUrl({ redirect_uri: redirectUri }))
      const bare = new URL(stolen)
      bare.searchParams.delete('iss')
      const twice = new URL(stolen)
      twice.searchParams.append('code', 'another')
      const adele = await signedIn(entrada)
      chat.requests.length = 0
      for (const url of [stolen, bare, twice]) {
        // Without an iss, a response on the shared callback path counts as Microsoft's and is not forwarded.
        if (url === bare && redirectUri === REDIRECT_URI) continue
        const page = await adele.open(url.href)
        expect([page.status, page.headers.get('entrada-error')]).toEqual([400, 'sign_in_expired'])
      }
      expect(chat.requests).toEqual([])
      expect((await mallory.open(stolen.href)).status).toBe(200)
      expect(chat.last.url).toContain('code=')
    },
  )

  test.each([
    '/oauth/openid/callback/',
    '/OAuth/OpenID/Callback',
    '//oauth/openid/callback',
    '/oauth/openid/callbac%6b',
    '/oauth/x/%2e%2e/openid/callback',
    '/oauth/openid;v=1/callback',
    '/other/',
  ])('is checked on the spelling %s too, which a lenient router takes', async (path) => {
    const { entrada, chat } = aChatWithoutPkce()
    const mallory = await signedIn(entrada, 'alex')
    const { search } = await answerTo(mallory, authorizeUrl())
    const adele = await signedIn(entrada)
    chat.requests.length = 0
    const page = await adele.open(`${HOME}${path}${search}`)
    expect([page.status, page.headers.get('entrada-error')]).toEqual([400, 'sign_in_expired'])
    expect(chat.requests).toEqual([])
  })

  test('is not checked on other paths, nor is a code of another issuer', async () => {
    const { entrada } = aChatWithoutPkce()
    const mallory = await signedIn(entrada, 'alex')
    const { searchParams } = await answerTo(mallory, authorizeUrl())
    const adele = await signedIn(entrada)
    expect((await adele.open(`/voucher?code=${searchParams.get('code')}`)).status).toBe(200)
    expect((await adele.open('/other?code=42')).status).toBe(200)
  })
})
