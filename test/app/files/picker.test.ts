import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada } from '../../support/entrada.ts'
import { aFilesScene } from './fixture.ts'
import { EVERYWHERE, openPage, PAGE } from './picker-fixture.ts'
import { problemOf, signedIn } from '../../support/scene.ts'

describe('the picker page', () => {
  test('may frame and post to exactly the user’s hosts [requirement 76]', async () => {
    const { page, directives } = await openPage(await aFilesScene())
    expect(page.status).toBe(200)
    expect(directives.get('frame-src')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('form-action')?.toSorted()).toEqual(EVERYWHERE)
    expect(directives.get('frame-ancestors')).toEqual(["'self'"])
    expect(directives.get('default-src')).toEqual(["'none'"])
    expect(directives.get('connect-src')).toEqual(["'self'"])
    expect(directives.get('script-src')).toEqual([expect.stringMatching(/^'nonce-[0-9a-f]{32}'$/)])
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('cross-origin-opener-policy')).toBeNull()
  })

  test('loads nothing from other origins', async () => {
    const { page } = await openPage(await aFilesScene())
    expect(page.html.querySelectorAll('[src], link, iframe')).toEqual([])
    for (const script of page.html.querySelectorAll('script')) {
      expect(script.getAttribute('nonce')).toMatch(/^[0-9a-f]{32}$/)
    }
    expect(page.html.toString()).not.toContain('sandbox-access')
  })

  test('opens the user’s OneDrive read-only, without download URLs', async () => {
    const { config } = await openPage(await aFilesScene())
    expect(config).toMatchObject({
      channel: 'channel-under-test',
      publicOrigin: 'https://chat.contoso.example',
      launchUrl: 'https://contoso-my.sharepoint.com/_layouts/15/FilePicker.aspx',
      maxFiles: 10,
      maxFileBytes: 512 * 1_048_576,
      options: {
        sdk: '8.0',
        entry: { oneDrive: { files: {} } },
        authentication: { enabled: true, tokens: { graph: false, sharePoint: true } },
        typesAndSources: { mode: 'files', access: { mode: 'read' } },
        selection: { mode: 'multiple', maximumCount: 10, enablePersistence: true },
        commands: {
          pick: { action: 'select' },
          upload: { enabled: false },
          createFolder: { enabled: false },
        },
      },
    })
    expect(JSON.stringify(config)).not.toContain('urls')
  })

  test.each([
    ['&start=recent', { options: { entry: { oneDrive: { recent: {} } } } }],
    [
      '&start=sites',
      {
        launchUrl: 'https://contoso.sharepoint.com/_layouts/15/FilePicker.aspx',
        options: { entry: { sharePoint: {} } },
      },
    ],
    ['&mode=single', { maxFiles: 1, options: { selection: { mode: 'single' } } }],
    ['&max=3', { maxFiles: 3, options: { selection: { maximumCount: 3 } } }],
    ['&max=999', { maxFiles: 10 }],
    [
      '&types=.PDF,%20.docx,photo',
      { options: { typesAndSources: { filters: ['.pdf', '.docx', 'photo'] } } },
    ],
    ['&locale=de-DE', { locale: 'de-de' }],
    ['&theme=dark', { theme: 'dark' }],
  ])('applies the chat app’s parameters: %s', async (query, expected) => {
    const { config } = await openPage(await aFilesScene(), query)
    expect(config).toMatchObject(expected)
  })

  test('uses the browser’s language without a locale parameter', async () => {
    const scene = await aFilesScene()
    const page = await scene.browser.open(PAGE, {
      headers: { 'accept-language': 'fr-CA,fr;q=0.9,en;q=0.8' },
    })
    expect(page.html.querySelector('#picker')?.getAttribute('data-config')).toContain('"fr-ca"')
  })

  test.each([
    ['/.entrada/picker', 'no channel'],
    ['/.entrada/picker?channel=short', 'a short channel'],
    ['/.entrada/picker?channel=%22%3E%3Cscript%3Ealert(1)%3C/script%3E', 'markup as channel'],
    [`/.entrada/picker?channel=${'x'.repeat(65)}`, 'a long channel'],
    [`${PAGE}&types=<script>`, 'markup as type'],
    [`${PAGE}&types=${'.a,'.repeat(51)}`, 'too many types'],
    [`${PAGE}&max=0`, 'no files at all'],
    [`${PAGE}&max=ten`, 'a word for a number'],
    [`${PAGE}&start=elsewhere`, 'an unknown place'],
    [`${PAGE}&theme=pink`, 'an unknown theme'],
  ])('refuses %s: %s', async (address) => {
    const scene = await aFilesScene()
    const page = await scene.browser.open(address)
    expect(page.status).toBe(400)
    expect(page.headers.get('entrada-error')).toBe('invalid_request')
    expect(page.html.querySelectorAll('script')).toEqual([])
  })
})

test('in a frame, a picker that cannot open is still a page', async () => {
  const scene = await aFilesScene()
  const { entra, hosts } = scene.entrada.sandbox
  entra.revokeAdminConsent(hosts.graph, ['Files.Read.All', 'Sites.Read.All'])
  const other = scene.entrada.browser('203.0.113.9')
  await other.signIn(CAST.adele.userPrincipalName)
  const framed = await other.load(PAGE, 'iframe')
  expect(framed.status).toBe(403)
  expect(framed.headers.get('content-type')).toContain('text/html')
  expect(framed.headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
  expect(framed.headers.get('content-security-policy')).toContain("frame-src 'none'")
  const asked = await other.fetch(PAGE)
  expect(await problemOf(asked)).toMatchObject({ code: 'consent_required' })
})

test('in a frame, an ended session shows a page whose sign-in link leaves the frame', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  browser.cookies.delete('__Host-entrada')
  const response = await browser.load('/.entrada/picker?channel=abcdefgh', 'iframe')
  expect([response.status, response.headers.get('entrada-error')]).toEqual([
    401,
    'session_required',
  ])
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
  const page = await response.text()
  expect(page).toContain('<base target="_top" />')
  expect(page).toContain('/.entrada/login')
})
