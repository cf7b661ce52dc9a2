import { describe, expect, test } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import type { Page } from '../../support/browser/page.ts'
import { CALLBACK, HOME } from '../../support/addresses.ts'
import { cookieHeaderOf, aScene } from '../../support/scene.ts'

const HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'

const BEFORE_A_CLIENT = {
  settings: {
    OIDC_CLIENTS: JSON.stringify([
      { client_id: 'chat', client_secret: 'x'.repeat(32), redirect_uris: [`${HOME}/back`] },
    ]),
  },
}

/** Every page of ours, and how to reach it. */
const PAGES: readonly (readonly [string, (browser: Browser) => Promise<Page>])[] = [
  ['the signed-out page', (browser) => browser.open(`${HOME}/.entrada/signed-out`)],
  ['the question before a sign-out', (browser) => browser.open(`${HOME}/.entrada/oidc/logout`)],
  ['the renewal page', (browser) => browser.open(`${HOME}/.entrada/renewed`)],
  ['nothing at this address', (browser) => browser.open(`${HOME}/.entrada/${HOSTILE}`)],
  ['a late callback', async (browser) => {
    browser.cookies.clear()
    return browser.open(`${HOME}${CALLBACK}?code=x&state=${encodeURIComponent(HOSTILE)}`)
  }],
  ['a refused sign-in', async (browser) => {
    await browser.open(`${HOME}/.entrada/login?account=other`)
    const answer = new URLSearchParams({
      error: HOSTILE,
      error_description: `AADSTS50105: ${HOSTILE}`,
      state: browser.page.url.searchParams.get('state') ?? '',
    })
    return browser.open(`${HOME}${CALLBACK}?${answer}`)
  }],
  ['a feature there is not', (browser) => browser.open(`${HOME}/.entrada/consent?feature=${encodeURIComponent(HOSTILE)}`)],
  ['a form without a session', async (browser) => {
    browser.cookies.clear()
    return browser.post(`${HOME}/c/1?q=${encodeURIComponent(HOSTILE)}`, { text: HOSTILE }, HOME)
  }],
] // prettier-ignore

/** Pages with a form that leads to Microsoft: browsers apply the policy to its redirects as well. */
const LEADS_ON: Readonly<Record<string, string>> = {
  'the question before a sign-out': "'self' https://login.microsoftonline.com",
}

describe.each(PAGES)('%s [requirement 76]', (name, open) => {
  test('has its security headers', async () => {
    const { browser } = await aScene(BEFORE_A_CLIENT)
    const { headers } = await open(browser)
    const policy = directivesOf(headers)
    expect(policy.get('default-src')).toBe("'none'")
    expect(policy.get('frame-ancestors')).toBe("'none'")
    expect(policy.get('base-uri')).toBe("'none'")
    expect(policy.get('form-action')).toBe(LEADS_ON[name] ?? "'self'")
    for (const [directive, sources] of policy) {
      if (directive === 'form-action') continue
      expect([directive, /unsafe|\*|https?:/.test(sources)]).toEqual([directive, false])
    }
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
    })
  })

  test('runs only scripts that its policy names, and loads nothing from other hosts', async () => {
    const { browser } = await aScene(BEFORE_A_CLIENT)
    const page = await open(browser)
    const policy = directivesOf(page.headers)
    const nonce = /'nonce-([\w-]+)'/.exec(policy.get('style-src') ?? '')?.[1]
    expect(nonce).toMatch(/^[\w-]{20,}$/)
    for (const element of page.html.querySelectorAll('style, script')) {
      expect(element.getAttribute('nonce')).toBe(nonce)
    }
    const elements = page.html.querySelectorAll('*')
    const attributes = elements.flatMap((element) => Object.entries(element.attributes))
    expect(attributes.filter(([attribute]) => /^on|^style$/i.test(attribute))).toEqual([])
    expect(page.html.querySelectorAll('[src], link, iframe, object, embed, base')).toEqual([])
    for (const [attribute, value] of attributes) {
      if (attribute === 'href') expect(new URL(value, HOME).origin).toBe(HOME)
    }
    const again = await open((await aScene(BEFORE_A_CLIENT)).browser)
    expect(again.headers.get('content-security-policy')).not.toContain(nonce)
  })

  test('shows foreign text as text or not at all', async () => {
    const { browser } = await aScene({
      ...BEFORE_A_CLIENT,
      settings: {
        ...BEFORE_A_CLIENT.settings,
        ACCESS_HELP_TEXT: HOSTILE,
        ACCESS_HELP_URL: `https://help.contoso.example/?a="><script>alert(1)</script>`,
      },
    })
    const page = await open(browser)
    expect(page.text).not.toContain('<script>alert')
    expect(page.text).not.toContain('<img')
  })

  test('is one document with one heading, a main part and a language', async () => {
    const { browser } = await aScene(BEFORE_A_CLIENT)
    const { html } = await open(browser)
    expect(html.querySelectorAll('h1')).toHaveLength(1)
    expect(html.querySelectorAll('main')).toHaveLength(1)
    expect(html.querySelector('html')?.getAttribute('lang')).toBe('en')
    expect(html.querySelector('title')?.text.length).toBeGreaterThan(3)
  })
})

function directivesOf(headers: Headers): ReadonlyMap<string, string> {
  const policy = headers.get('content-security-policy') ?? ''
  return new Map(
    policy.split(';').map((part) => {
      const [name = '', ...sources] = part.trim().split(' ')
      return [name, sources.join(' ')]
    }),
  )
}

const ROUTES: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/.entrada/login'],
  ['GET', CALLBACK],
  ['GET', '/.entrada/consent?feature=people'],
  ['POST', '/.entrada/logout'],
  ['GET', '/.entrada/signed-out'],
  ['GET', '/.entrada/renewed'],
  ['GET', '/.entrada/session'],
  ['GET', '/.entrada/sessions'],
  ['POST', '/.entrada/sessions/end'],
  ['POST', '/.entrada/admin/users/a:b/end'],
  ['GET', '/.entrada/frontchannel-logout?sid=x'],
  ['POST', '/.entrada/backchannel-logout'],
  ['POST', '/.entrada/picker/token'],
  ['GET', '/.entrada/people?q=adele'],
  ['GET', '/.entrada/check'],
  ['GET', '/.entrada/oidc/authorize?client_id=chat'],
  ['POST', '/.entrada/oidc/token'],
  ['GET', '/.entrada/oidc/userinfo'],
  ['GET', '/.entrada/oidc/logout'],
  ['GET', '/.entrada/nothing'],
]
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const SCRIPT = {
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'sec-fetch-site': 'same-origin',
}

describe.each(ROUTES)('%s %s', (method, path) => {
  test.each([
    ['a signed-in page', true, NAVIGATION],
    ['a signed-in script', true, SCRIPT],
    ['a stranger’s page', false, NAVIGATION],
    ['a stranger’s script', false, SCRIPT],
  ])(
    'may not be cached and sends no referrer, for %s [requirement 40]',
    async (_who, isMember, metadata) => {
      const { entrada, browser } = await aScene(BEFORE_A_CLIENT)
      const cookie = cookieHeaderOf(browser)
      const response = await entrada.fetch(path, {
        method,
        headers: { ...metadata, ...(isMember ? { cookie } : {}) },
      })
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      expect(response.headers.get('cache-control')).toMatch(/no-store|private/)
    },
  )
})

/** `Origin` headers of attackers and of misconfigured sites. */
const ORIGINS = [
  'https://evil.example',
  'http://chat.contoso.example',
  'https://chat.contoso.example.evil.example',
  'https://evil-chat.contoso.example',
  'https://chat.contoso.example:8443',
  'https://contoso.example',
  'https://www.contoso.example',
  'https://login.microsoftonline.com',
  'https://contoso.sharepoint.com',
  'https://CHAT.contoso.example',
  'https://chat.contoso.example.',
  'https://chat.contoso.example@evil.example',
  'null',
  'file://',
  'chrome-extension://abcdefghijklmnop',
  'moz-extension://1234',
  'https://localhost',
  'http://127.0.0.1:3000',
  'https://xn--chat-contoso.example',
  '*',
]

describe('our own endpoints cannot be read by other origins', () => {
  test.each(ORIGINS)('not by %s [requirement 56]', async (origin) => {
    // CORS_ORIGINS opens the chat, never Entrada's own endpoints.
    const { entrada, browser } = await aScene({
      ...BEFORE_A_CLIENT,
      settings: { ...BEFORE_A_CLIENT.settings, CORS_ORIGINS: 'https://portal.contoso.example' },
    })
    const cookie = cookieHeaderOf(browser)
    for (const [method, path] of [...ROUTES, ['OPTIONS', '/.entrada/session'] as const]) {
      const response = await entrada.fetch(path, { method, headers: { cookie, origin } })
      const sharing = [...response.headers.keys()].filter((name) =>
        name.startsWith('access-control'),
      )
      expect([path, sharing]).toEqual([path, []])
    }
  })

  test('not by an origin that may read the chat', async () => {
    const origin = 'https://portal.contoso.example'
    const { entrada, browser } = await aScene({
      ...BEFORE_A_CLIENT,
      settings: { ...BEFORE_A_CLIENT.settings, CORS_ORIGINS: origin },
    })
    const cookie = cookieHeaderOf(browser)
    const response = await entrada.fetch('/.entrada/session', { headers: { cookie, origin } })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})
