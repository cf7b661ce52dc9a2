import { beforeEach, describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../directory/cast.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

const OPTIONS = {
  sdk: '8.0',
  messaging: {
    origin: 'https://chat.contoso.example',
    channelId: '6f0e2f5e-7a53-4f7e-9d21-0f5a2f4a7c11',
  },
  entry: { oneDrive: { files: {} } },
  authentication: {},
  typesAndSources: {
    mode: 'files',
    filters: ['.pdf', 'photo'],
    pivots: { oneDrive: true, site: true },
  },
  selection: { mode: 'multiple', maximumCount: 10 },
  commands: {
    pick: { action: 'select' },
    upload: { enabled: false },
    createFolder: { enabled: false },
  },
}

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox({ people: 10, groups: 0 })
})

interface Opening {
  readonly host?: string
  readonly path?: string
  readonly token?: string | null
  readonly options?: unknown
}

function open({
  host = sandbox.hosts.oneDrive,
  path = '',
  token = tokenFor(host),
  options = OPTIONS,
}: Opening = {}) {
  const url = new URL(`${host}${path}/_layouts/15/FilePicker.aspx`)
  url.searchParams.set('filePicker', JSON.stringify(options))
  url.searchParams.set('locale', 'en-us')
  const body = new URLSearchParams(token === null ? {} : { access_token: token })
  return sandbox.fetch(new Request(url, { method: 'POST', body }))
}

function tokenFor(
  audience: string,
  changes: { readonly expiresAt?: number; readonly tenantId?: string } = {},
): string {
  return sandbox.accessTokens.mint({
    tenantId: CONTOSO,
    userId: CAST.adele.id,
    clientId: sandbox.registration.clientId,
    audience,
    scopes: ['MyFiles.Read', 'AllSites.Read'],
    expiresAt: Date.now() + 60_000,
    ...changes,
  })
}

function mayBeFramed(response: Response): boolean {
  const policy = response.headers.get('content-security-policy') ?? ''
  return !policy.includes('frame-ancestors') && !response.headers.has('x-frame-options')
}

describe('with a token of this host', () => {
  test('the picker may be framed', async () => {
    const response = await open()
    expect(response.status).toBe(200)
    expect(mayBeFramed(response)).toBe(true)
    expect(await response.text()).toContain('data-action="pick"')
  })

  test('every site of the sites’ host has a picker too', async () => {
    const host = sandbox.hosts.sharePoint
    expect(mayBeFramed(await open({ host }))).toBe(true)
    expect(mayBeFramed(await open({ host, path: '/sites/Marketing' }))).toBe(true)
  })

  test('the page does not contain the token', async () => {
    const token = tokenFor(sandbox.hosts.oneDrive)
    expect(await (await open({ token })).text()).not.toContain(token)
  })

  test('picker.blank still refuses to be framed', async () => {
    sandbox.faults.set('picker.blank', { times: 1 })
    expect(mayBeFramed(await open())).toBe(false)
    expect(mayBeFramed(await open())).toBe(true)
  })
})

test.each([
  ['no token', () => null],
  ['a token of the other SharePoint host', () => tokenFor(sandbox.hosts.sharePoint)],
  ['a Graph token', () => tokenFor(sandbox.hosts.graph)],
  ['an expired token', () => tokenFor(sandbox.hosts.oneDrive, { expiresAt: Date.now() - 1 })],
  ['a token of another tenant', () => tokenFor(sandbox.hosts.oneDrive, { tenantId: FABRIKAM })],
  ['a made-up token', () => 'made-up'],
])('with %s the page refuses to be framed', async (_what, token) => {
  const response = await open({ token: token() })
  expect(mayBeFramed(response)).toBe(false)
  expect(response.headers.get('content-security-policy')).toBe(
    "frame-ancestors 'self' *.teams.microsoft.com",
  )
  expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
  expect(await response.text()).not.toContain('data-action="pick"')
})

test('a token in the URL is ignored', async () => {
  const url = `${sandbox.hosts.oneDrive}/_layouts/15/FilePicker.aspx?access_token=${tokenFor(sandbox.hosts.oneDrive)}`
  expect(mayBeFramed(await sandbox.fetch(new Request(url)))).toBe(false)
})

test('a library instead of a site is a server error', async () => {
  const host = sandbox.hosts.sharePoint
  expect((await open({ host, path: '/sites/Marketing/Shared%20Documents' })).status).toBe(500)
  expect((await open({ path: '/personal/adele_vance_contoso_example/Documents' })).status).toBe(500)
  expect((await open({ host, path: '/sites/Nowhere' })).status).toBe(404)
})

test.each([
  ['no sdk', { sdk: undefined }, 'sdk'],
  ['an older sdk', { sdk: '7.2' }, 'sdk'],
  ['no messaging', { messaging: undefined }, 'messaging'],
  [
    'a URL for an origin',
    { messaging: { ...OPTIONS.messaging, origin: 'https://chat.contoso.example/' } },
    'origin',
  ],
  [
    'a channel that is no GUID',
    { messaging: { ...OPTIONS.messaging, channelId: '1' } },
    'channelId',
  ],
  ['no authentication', { authentication: undefined }, 'authentication'],
  ['no entry', { entry: {} }, 'entry'],
  ['two entries', { entry: { site: {}, oneDrive: {} } }, 'entry'],
  ['an unknown option', { multiSelect: true }, 'multiSelect'],
  ['an unknown option further down', { selection: { mode: 'multiple', max: 3 } }, 'selection.max'],
  ['an unknown mode', { selection: { mode: 'many' } }, 'selection.mode'],
  ['an extension without its dot', { typesAndSources: { filters: ['pdf'] } }, 'filters'],
])('opened with %s the page shows the error and no files', async (_what, change, named) => {
  const response = await open({ options: { ...OPTIONS, ...change } })
  expect(response.status).toBe(400)
  const page = await response.text()
  expect(page).toContain(named)
  expect(page).not.toContain('data-action="pick"')
})

test('option values cannot end the script element that contains them', async () => {
  const title = '</script><script>alert(1)</script>'
  expect(await (await open({ options: { ...OPTIONS, title } })).text()).not.toContain(title)
})
