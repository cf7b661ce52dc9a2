import { beforeEach, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { ADELE_FILES } from '../drives/cast-files.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox({ people: 10, groups: 0 })
})

interface Caller {
  readonly audience?: string
  readonly userId?: string
  readonly scopes?: readonly string[]
  readonly expiresAt?: number
}

function token(caller: Caller = {}): string {
  return sandbox.accessTokens.mint({
    tenantId: CONTOSO,
    userId: CAST.adele.id,
    clientId: sandbox.registration.clientId,
    audience: sandbox.hosts.oneDrive,
    scopes: ['MyFiles.Read', 'AllSites.Read'],
    expiresAt: Date.now() + 60_000,
    ...caller,
  })
}

function ask(url: string, bearer: string) {
  return sandbox.fetch(new Request(url, { headers: { authorization: `Bearer ${bearer}` } }))
}

const myFiles = () => `${sandbox.hosts.oneDrive}/_api/v2.0/me/drive/root/children`
const sites = () => `${sandbox.hosts.sharePoint}/_api/v2.0/sites`

async function namesIn(response: Response): Promise<unknown> {
  const { value } = (await response.json()) as { value: { name: string }[] }
  return value.map(({ name }) => name)
}

test("a OneDrive lists the files of the token's user", async () => {
  expect(await namesIn(await ask(myFiles(), token()))).toEqual(
    expect.arrayContaining(['Documents', 'Special', 'Big']),
  )
})

test('a OneDrive of another geography is on that geography’s host only', async () => {
  const { oneDrive, oneDriveEurope } = sandbox.hosts
  const audience = oneDriveEurope
  const megan = token({ userId: CAST.megan.id, audience })
  const there = `${oneDriveEurope}/_api/v2.0/me/drive/root/children`
  expect(await namesIn(await ask(there, megan))).toEqual(['Private', 'Shared with Adele', 'Links'])
  expect((await ask(there, token({ userId: CAST.adele.id, audience }))).status).toBe(404)
  const elsewhere = token({ userId: CAST.megan.id, audience: oneDrive })
  expect((await ask(myFiles(), elsewhere)).status).toBe(404)
  expect((await ask(there, elsewhere)).status).toBe(401)
})

test('a token of one host is refused at the other with Microsoft’s exception', async () => {
  const response = await ask(sites(), token())
  expect(response.status).toBe(401)
  expect(response.headers.get('x-ms-diagnostics')).toContain(sandbox.hosts.oneDrive)
  expect(await response.json()).toEqual({
    error_description: expect.stringContaining('AudienceUriValidationFailedException'),
  })
})

test('an expired token has a different error than an invalid one', async () => {
  const response = await ask(myFiles(), token({ expiresAt: Date.now() - 1 }))
  expect(response.status).toBe(401)
  expect(await response.json()).toEqual({ error_description: expect.stringContaining('expired') })
  expect((await ask(myFiles(), 'made-up')).status).toBe(401)
})

test("MyFiles.Read allows the user's own OneDrive and no site", async () => {
  const scopes = ['MyFiles.Read']
  expect((await ask(myFiles(), token({ scopes }))).status).toBe(200)
  expect((await ask(sites(), token({ scopes, audience: sandbox.hosts.sharePoint }))).status).toBe(
    403,
  )
})

test('people see the sites they may read', async () => {
  const audience = sandbox.hosts.sharePoint
  expect(await namesIn(await ask(sites(), token({ audience })))).toEqual(['root', 'Marketing'])
  const inEurope = sandbox.hosts.sharePointEurope
  const european = `${inEurope}/_api/v2.0/sites`
  expect(await namesIn(await ask(european, token({ audience: inEurope })))).toEqual([
    'rootEurope',
    'Berlin',
  ])
  const gustav = token({ audience, userId: CAST.gustav.id })
  expect(await namesIn(await ask(sites(), gustav))).not.toContain('root')
})

test("another person's drive is refused, and a missing OneDrive has its own error", async () => {
  const drive = sandbox.drives.oneDriveOf(CAST.megan.id)
  const audience = sandbox.hosts.oneDriveEurope
  const megans = `${audience}/_api/v2.0/drives/${drive?.id}/root/children`
  expect((await ask(megans, token({ audience }))).status).toBe(403)
  expect((await ask(megans, token({ userId: CAST.megan.id, audience }))).status).toBe(200)
  const unal = await ask(myFiles(), token({ userId: CAST.unal.id }))
  expect(unal.status).toBe(404)
  expect(await unal.json()).toMatchObject({ error: { message: "User's mysite not found." } })
})

test('the most recent files come first, without folders', async () => {
  const response = await ask(`${sandbox.hosts.oneDrive}/_api/v2.0/me/drive/recent`, token())
  const { value } = (await response.json()) as {
    value: { lastModifiedDateTime: string; folder?: unknown }[]
  }
  const times = value.map(({ lastModifiedDateTime }) => lastModifiedDateTime)
  expect(times).toEqual(times.toSorted().reverse())
  expect(value.some(({ folder }) => folder !== undefined)).toBe(false)
})

test('an item carries what the picker returns to its host', async () => {
  const drive = sandbox.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  const folder = sandbox.drives.at(drive, ADELE_FILES.folder)
  const url = `${sandbox.hosts.oneDrive}/_api/v2.0/drives/${drive.id}/items/${folder.id}/children`
  const { value } = (await (await ask(url, token())).json()) as { value: unknown[] }
  expect(value).toContainEqual(
    expect.objectContaining({
      name: 'notes.txt',
      parentReference: expect.objectContaining({ driveId: drive.id }),
      '@sharePoint.endpoint': `${sandbox.hosts.oneDrive}/_api/v2.0`,
    }),
  )
})

test('a shortcut names the host of its target', async () => {
  const drive = sandbox.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  const special = sandbox.drives.at(drive, 'Special')
  const url = `${sandbox.hosts.oneDrive}/_api/v2.0/drives/${drive.id}/items/${special.id}/children`
  const { value } = (await (await ask(url, token())).json()) as { value: unknown[] }
  expect(value).toContainEqual(
    expect.objectContaining({
      name: 'Campaign',
      remoteItem: expect.objectContaining({
        folder: { childCount: 3 },
        '@sharePoint.endpoint': `${sandbox.hosts.sharePoint}/_api/v2.0`,
      }),
    }),
  )
})

test('the picker of one host may call the other, a page of another origin may not', async () => {
  const preflight = (origin: string) =>
    sandbox.fetch(
      new Request(sites(), {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        },
      }),
    )
  const allowed = await preflight(sandbox.hosts.oneDrive)
  expect(allowed.headers.get('access-control-allow-origin')).toBe(sandbox.hosts.oneDrive)
  expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization')
  const refused = await preflight('https://evil.example')
  expect(refused.headers.has('access-control-allow-origin')).toBe(false)
})
