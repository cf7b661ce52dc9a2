import { expect, test } from 'vitest'
import { Browser } from './browser.ts'

type Handlers = Readonly<Record<string, (request: Request) => Response | Promise<Response>>>

/** A browser with a few fake hosts; records every request. */
function aBrowser(handlers: Handlers) {
  const requests: Request[] = []
  const internet = async (request: Request) => {
    requests.push(request.clone())
    const url = new URL(request.url)
    const handler = handlers[url.origin + url.pathname]
    return handler === undefined ? new Response('nothing here', { status: 404 }) : handler(request)
  }
  return { requests, browser: new Browser({ internet, home: 'https://chat.example' }) }
}

function page(body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { 'content-type': 'text/html', ...headers } })
}

function to(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 302, headers: { location, ...headers } })
}

const header = (request: Request | undefined, name: string) => request?.headers.get(name) ?? null

test('a typed address sends Sec-Fetch-Site: none through every redirect', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/': () => to('https://login.example/sign-in'),
    'https://login.example/sign-in': () => page('<title>Sign in</title>'),
  })
  const shown = await browser.open('/#part')
  expect(shown.title).toBe('Sign in')
  expect(shown.url.href).toBe('https://login.example/sign-in#part')
  expect(shown.hops.map((hop) => hop.status)).toEqual([302, 200])
  expect(requests.map((request) => header(request, 'sec-fetch-site'))).toEqual(['none', 'none'])
  expect(header(requests[0], 'sec-fetch-dest')).toBe('document')
})

test('a redirect through another site makes the rest of the chain cross-site', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/': () =>
      page('<a href="/out">out</a>', { 'set-cookie': 'strict=1; SameSite=Strict; Path=/' }),
    'https://chat.example/out': () => to('https://login.example/'),
    'https://login.example/': () => to('https://chat.example/back'),
    'https://chat.example/back': () => page('back', { 'set-cookie': 'lax=1; Path=/' }),
  })
  await browser.open('/')
  await browser.click('a')
  const sites = requests.map((request) => header(request, 'sec-fetch-site'))
  expect(sites).toEqual(['none', 'same-origin', 'cross-site', 'cross-site'])
  expect(header(requests[1], 'cookie')).toBe('strict=1')
  expect(header(requests[3], 'cookie')).toBeNull()
})

test('a form sends its hidden fields, its choices and the button', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/': () =>
      page(`
        <form action="/other" method="post"><input name="x" value="1"></form>
        <form action="/send?a=b" method="post">
          <input type="hidden" name="ctx" value="&quot;quoted&quot;">
          <input name="q"><input type="checkbox" name="off"><input type="checkbox" name="on" checked>
          <select name="s"><option>one</option><option value="2" selected>two</option></select>
          <button name="account" value="adele@contoso.example">Adele</button>
        </form>`),
    'https://chat.example/send': () => page('sent'),
  })
  await browser.open('/')
  await browser.submit({ button: ['account', 'adele@contoso.example'], fields: { q: 'typed' } })
  const sent = requests[1]
  expect(await sent?.text()).toBe(
    'ctx=%22quoted%22&q=typed&on=on&s=2&account=adele%40contoso.example',
  )
  expect(sent?.url).toBe('https://chat.example/send?a=b')
  expect(header(sent, 'origin')).toBe('https://chat.example')
})

test('a page with no-referrer hides its origin from its own forms', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/': () =>
      page('<form action="/send" method="post"></form>', { 'referrer-policy': 'no-referrer' }),
  })
  await browser.open('/')
  await browser.submit()
  expect(header(requests[1], 'origin')).toBe('null')
  expect(header(requests[1], 'sec-fetch-site')).toBe('same-origin')
})

test('form-action also applies to redirects', async () => {
  const { browser } = aBrowser({
    'https://chat.example/': () =>
      page('<form action="/send" method="post"></form>', {
        'content-security-policy': "default-src 'none'; form-action 'self'",
      }),
    'https://chat.example/send': () => to('https://login.example/logout'),
  })
  await browser.open('/')
  await expect(browser.submit()).rejects.toThrow('forbids by form-action')
})

test('a script request redirected to another site fails, as in a browser', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/api': () => to('https://login.example/', { 'set-cookie': 'seen=1' }),
    'https://login.example/': () => page('sign in'),
  })
  await expect(browser.fetch('/api')).rejects.toThrow('Failed to fetch')
  expect(header(requests[0], 'sec-fetch-mode')).toBe('cors')
  expect(header(requests[0], 'sec-fetch-dest')).toBe('empty')
  expect(header(requests[1], 'origin')).toBe('https://chat.example')
  expect(browser.cookies.get('seen')?.value).toBe('1')
})

test('a script can stream a response and handle redirects itself', async () => {
  const { browser, requests } = aBrowser({
    'https://chat.example/api': async (request) =>
      to('/next', { 'x-body': await request.text(), 'x-method': request.method }),
  })
  const response = await browser.fetch('/api', {
    method: 'post',
    body: 'content',
    redirect: 'manual',
  })
  expect([response.status, response.headers.get('x-body')]).toEqual([302, 'content'])
  expect(header(requests[0], 'origin')).toBe('https://chat.example')
})

test('a link and a form of another site carry cross-site headers', async () => {
  const { browser, requests } = aBrowser({ 'https://chat.example/': () => page('home') })
  browser.cookies.store('lax=1; Path=/', {
    url: new URL('https://chat.example/'),
    method: 'GET',
    isSameSite: true,
    isTopLevelNavigation: true,
  })
  await browser.open('/', { from: 'https://evil.example' })
  await browser.post('/', { a: 'b' }, 'https://evil.example')
  expect(requests.map((request) => header(request, 'sec-fetch-site'))).toEqual([
    'cross-site',
    'cross-site',
  ])
  expect(requests.map((request) => header(request, 'cookie'))).toEqual(['lax=1', null])
  expect(header(requests[1], 'origin')).toBe('https://evil.example')
})

test.each([
  ['image', 'no-cors'],
  ['script', 'no-cors'],
  ['iframe', 'navigate'],
  ['manifest', 'cors'],
  ['serviceworker', 'same-origin'],
] as const)('a sub-resource says what it is: %s', async (destination, mode) => {
  const { browser, requests } = aBrowser({})
  await browser.load('/thing', destination)
  expect(header(requests[0], 'sec-fetch-dest')).toBe(destination)
  expect(header(requests[0], 'sec-fetch-mode')).toBe(mode)
})

test('tabs share only cookies', async () => {
  const { browser } = aBrowser({
    'https://chat.example/': () => page('home', { 'set-cookie': 'a=1' }),
  })
  await browser.open('/')
  const tab = browser.tab()
  expect(tab.cookies.get('a')?.value).toBe('1')
  expect(() => tab.page).toThrow('no page')
})

test('a redirect loop ends with an error', async () => {
  const { browser } = aBrowser({ 'https://chat.example/': () => to('/') })
  await expect(browser.open('/')).rejects.toThrow('too many redirects')
})

test('signIn picks the account, consents and ends in the chat', async () => {
  const sent: string[] = []
  const form = (button: string) => page(`<form method="post" action="/next">${button}</form>`)
  const { browser } = aBrowser({
    'https://chat.example/': () => to('https://login.example/'),
    'https://login.example/': () => form('<button name="account" value="a@b.example">A</button>'),
    'https://login.example/next': async (request) => {
      sent.push(await request.text())
      return sent.length === 1
        ? form('<button name="decision" value="accept">Accept</button>')
        : to('https://chat.example/callback')
    },
    'https://chat.example/callback': () => page('<title>Chat</title>'),
  })
  expect((await browser.signIn('a@b.example')).title).toBe('Chat')
  expect(sent).toEqual(['account=a%40b.example', 'decision=accept'])
  await expect(browser.tab().signIn('nobody@b.example')).rejects.toThrow('could not sign in')
})
