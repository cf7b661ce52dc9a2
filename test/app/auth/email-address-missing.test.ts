import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { hasButton } from '../../support/browser/form.ts'
import { CHAT_ORIGIN } from '../../support/chat-double.ts'
import { createChatUi } from '../../support/chats/chat-ui.ts'
import { createOnyx } from '../../support/chats/onyx.ts'
import { createOpenWebUi } from '../../support/chats/open-webui.ts'
import { anEntrada } from '../../support/entrada.ts'
import {
  aToldChat,
  behindOtherIssuer,
  everywhere,
  NOWHERE,
  put,
  told,
  toldOf,
} from './email-address-fixture.ts'
import { sessionOf, trySignIn } from '../membership/fixture.ts'
import { withClaims } from '../edge/scripted-entrada-fixture.ts'

describe('a member without a mail attribute', () => {
  const { userPrincipalName: name } = CAST.unal
  const behind = async (preset: string, chat: HostHandler): Promise<Browser> => {
    const browser = anEntrada({
      hosts: { [CHAT_ORIGIN]: chat },
      settings: { ORIGIN_URL: CHAT_ORIGIN, ORIGIN_PRESET: preset },
    }).browser()
    await trySignIn(browser, name)
    return browser
  }

  test('has the user principal name as address everywhere', async () => {
    expect(await toldOf(aToldChat(), 'unal')).toEqual(everywhere(name))
  })

  test('has an account in Open WebUI and in chat-ui', async () => {
    const openWebUi = createOpenWebUi({ WEBUI_AUTH_TRUSTED_EMAIL_HEADER: 'X-OpenWebUI-User-Email' })
    const first = await behind('open-webui', openWebUi.handle)
    const body = '{"email":"","password":""}'
    await first.fetch('/api/v1/auths/signin', { method: 'POST', body })
    expect([...openWebUi.accounts.keys()]).toEqual([name])
    const chatUi = createChatUi({ TRUSTED_EMAIL_HEADER: 'X-Forwarded-Email' })
    const second = await behind('chat-ui', chatUi.handle)
    expect((await second.fetch('/api/v2/user')).status).toBe(200)
  })

  test('has an account in Onyx', async () => {
    const onyx = createOnyx({
      fetchKeys: async () => (await browser.fetch('/.entrada/jwks.json')).json(),
    })
    const browser: Browser = await behind('onyx', onyx.handle)
    await browser.fetch('/api/me')
    expect([...onyx.accounts]).toEqual([name])
  })
})

describe('a guest without a mail attribute', () => {
  test.each([
    ['by the upn claim', ['upn'] as const],
    ['by acct', ['acct'] as const],
    ['by idp alone', [] as const],
  ])('has no address if recognised as a guest %s [requirement 83]', async (_, optionalClaims) => {
    const scene = aToldChat()
    const { sandbox } = scene.entrada
    sandbox.registration = { ...sandbox.registration, optionalClaims }
    put(sandbox, 'gustav', { mail: null })
    expect(await toldOf(scene, 'gustav')).toEqual(NOWHERE)
  })

  test('of an unknown organisation is not taken for a member', async () => {
    const scene = aToldChat()
    const { sandbox } = scene.entrada
    const userPrincipalName = 'someone_elsewhere.example#EXT#@contoso.example'
    put(sandbox, 'gustav', { mail: null, userPrincipalName })
    const browser = scene.entrada.browser()
    await trySignIn(browser, userPrincipalName)
    expect(await told(scene, browser)).toEqual(NOWHERE)
  })
})

describe('OPENID_EMAIL_CLAIM', () => {
  const MAIL = 'a.vance@contoso.example'
  const { userPrincipalName: name } = CAST.adele

  test.each([
    ['email', MAIL],
    ['upn', name],
    ['preferred_username', name],
    ['no_such_claim', name],
    ['acct', name],
  ])(
    '%s names the first claim to read, before preferred_username and upn',
    async (claim, address) => {
      const scene = aToldChat({ OPENID_EMAIL_CLAIM: claim })
      put(scene.entrada.sandbox, 'adele', { mail: MAIL })
      expect(await toldOf(scene)).toEqual(everywhere(address))
    },
  )

  test('may name any claim in a single tenant', async () => {
    const scene = aToldChat({ OPENID_EMAIL_CLAIM: 'name' })
    put(scene.entrada.sandbox, 'adele', { displayName: 'alias@contoso.example' })
    expect(await toldOf(scene)).toEqual(everywhere('alias@contoso.example'))
  })

  test('upn uses the sign-in name although Entra denies the mail', async () => {
    const scene = aToldChat({ OPENID_EMAIL_CLAIM: 'upn' })
    put(scene.entrada.sandbox, 'adele', { mail: 'adele@fabrikam.example' })
    expect(await toldOf(scene)).toEqual(everywhere(name))
  })

  test.each(['upn', 'preferred_username', 'no_such_claim'])(
    '%s gives guests no address',
    async (claim) => {
      const scene = aToldChat({ OPENID_EMAIL_CLAIM: claim })
      const { sandbox } = scene.entrada
      sandbox.registration = { ...sandbox.registration, optionalClaims: ['email', 'upn'] }
      expect(await toldOf(scene, 'gustav')).toEqual(NOWHERE)
    },
  )

  test('is trusted for another issuer, without a fallback to sign-in names', async () => {
    for (const [claim, expected] of [
      ['work_email', everywhere('ada@work.example')],
      ['no_such_claim', NOWHERE],
    ] as const) {
      const claims = { work_email: 'ada@work.example', preferred_username: 'ada@op.example' }
      const scene = behindOtherIssuer(
        { idToken: withClaims(claims) },
        { OPENID_EMAIL_CLAIM: claim },
      )
      const browser = scene.entrada.browser()
      await browser.open('/')
      expect(await told(scene, browser)).toEqual(expected)
    }
  })
})

describe('where a chat identifies users by address, a user without one', () => {
  const PRESETS = ['open-webui', 'chat-ui', 'onyx'] as const

  test.each(PRESETS)('is refused with a page that says who can help (%s)', async (preset) => {
    const { entrada } = aToldChat({
      ORIGIN_PRESET: preset,
      ACCESS_HELP_TEXT: 'Ask for a mailbox.',
      ACCESS_HELP_URL: 'https://help.contoso.example/mail',
    })
    const browser = entrada.browser()
    const page = await trySignIn(browser, CAST.gustav.userPrincipalName)
    expect([page.status, page.headers.get('entrada-error')]).toEqual([403, 'no_address'])
    const words = page.html.querySelector('main')?.structuredText ?? ''
    expect(words).toContain('Your account has no e-mail address for this chat')
    expect(words).toContain('Ask your administrator or help desk')
    expect(words).toContain('Ask for a mailbox.')
    expect(page.html.querySelector('a[href="https://help.contoso.example/mail"]')).not.toBeNull()
    expect(await sessionOf(browser)).toBeNull()
    expect(entrada.logs.events('refused_membership')).toMatchObject([
      { userId: CAST.gustav.id, tenantId: CONTOSO, reason: 'no_address' },
    ])
    expect(entrada.logs.events('sign_in_refused')).toEqual([])
  })

  test('can sign in with another account', async () => {
    const { entrada } = aToldChat({ ORIGIN_PRESET: 'chat-ui' })
    const browser = entrada.browser()
    await trySignIn(browser, CAST.gustav.userPrincipalName)
    await browser.click('a.button[href*="account=other"]')
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    const consent = ['decision', 'accept'] as const
    if (hasButton(browser.page, consent)) await browser.submit({ button: consent })
    expect((await sessionOf(browser))?.user.id).toBe(CAST.adele.id)
  })

  test.each([
    { ORIGIN_PRESET: 'generic' },
    { ORIGIN_PRESET: 'librechat' },
    { ORIGIN_PRESET: 'gate' },
    { ORIGIN_PRESET: 'chat-ui', ORIGIN_HEADERS: '{"X-Forwarded-Email":"id"}' },
  ])('is admitted where the chat uses another identifier: %j', async (settings) => {
    const { entrada } = aToldChat(settings)
    const browser = entrada.browser()
    await trySignIn(browser, CAST.gustav.userPrincipalName)
    expect((await sessionOf(browser))?.user.email).toBeNull()
  })

  test('is refused whatever header carries the address', async () => {
    const headers = '{"X-OpenWebUI-User-Email":null,"X-Mail":"email"}'
    const { entrada } = aToldChat({ ORIGIN_PRESET: 'open-webui', ORIGIN_HEADERS: headers })
    const page = await trySignIn(entrada.browser(), CAST.gustav.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('no_address')
  })
})
