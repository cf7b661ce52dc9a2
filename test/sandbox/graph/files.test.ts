import { expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { ADELE_FILES } from '../drives/cast-files.ts'
import { cTag, eTag, type StoredItem } from '../drives/drive-item.ts'
import type { FaultName } from '../faults.ts'
import { aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'
import { aString } from './matchers.ts'

const sandbox = aSandbox()
const { drives } = sandbox
const graph = calling(sandbox)

function adeles(of = sandbox) {
  const drive = of.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return drive
}

const file = (name: keyof typeof ADELE_FILES, of = sandbox) =>
  of.drives.at(adeles(of), ADELE_FILES[name])
const path = (item: StoredItem, rest = '') => `/v1.0/drives/${item.driveId}/items/${item.id}${rest}`
const content = (item: StoredItem, headers = {}, query = '') =>
  graph.raw(path(item, `/content${query}`), { headers })

test('the user’s own drive names the OneDrive host', async () => {
  const drive = await graph.get('/v1.0/me/drive?$select=id,webUrl,driveType')
  expect(drive.body).toMatchObject({ id: adeles().id, driveType: 'business' })
  expect(new URL(String(drive.body['webUrl'])).origin).toBe(sandbox.hosts.oneDrive)
})

test('the root site names the SharePoint host', async () => {
  const site = await graph.get('/v1.0/sites/root?$select=webUrl,siteCollection')
  expect(site.body['webUrl']).toBe(sandbox.hosts.sharePoint)
  expect(site.body['siteCollection']).toEqual({
    hostname: 'contoso.sharepoint.com',
    dataLocationCode: 'NAM',
    root: {},
  })
})

test('only the root sites of all geographies are listed, for people who may read sites', async () => {
  const filter = encodeURIComponent('siteCollection/root ne null')
  const roots = await graph.get(`/v1.0/sites?$select=webUrl,siteCollection&$filter=${filter}`)
  expect(roots.body['value']).toEqual([
    {
      webUrl: 'https://contoso.sharepoint.com/',
      siteCollection: { hostname: 'contoso.sharepoint.com', dataLocationCode: 'NAM', root: {} },
    },
    {
      webUrl: 'https://contosoeur.sharepoint.com/',
      siteCollection: { hostname: 'contosoeur.sharepoint.com', dataLocationCode: 'EUR', root: {} },
    },
  ])
  expect((await graph.get('/v1.0/sites')).status).toBe(400)
  const filesOnly = calling(sandbox, { ...CAST.adele, scopes: ['Files.Read.All'] })
  const refused = await filesOnly.get(`/v1.0/sites?$filter=${filter}`)
  expect([refused.status, refused.body['error']]).toMatchObject([403, { code: 'accessDenied' }])
})

test('a OneDrive of another geography is on its own host, and so are its downloads', async () => {
  const megan = calling(sandbox, CAST.megan)
  const drive = await megan.get('/v1.0/me/drive?$select=id,webUrl')
  expect(new URL(String(drive.body['webUrl'])).origin).toBe(sandbox.hosts.oneDriveEurope)
  const item = sandbox.drives.at(
    sandbox.drives.drive(String(drive.body['id'])) ?? adeles(),
    'Private/Salaries.xlsx',
  )
  const redirect = await megan.raw(path(item, '/content'))
  const url = new URL(redirect.headers.get('location') ?? '')
  expect(url.origin).toBe(sandbox.hosts.oneDriveEurope)
  const bytes = await sandbox.fetch(new Request(url))
  expect((await bytes.arrayBuffer()).byteLength).toBe(15_000)
})

test('a user without a OneDrive gets a specific error', async () => {
  const missing = await calling(sandbox, CAST.unal).get('/v1.0/me/drive')
  expect(missing.body['error']).toMatchObject({
    code: 'ResourceNotFound',
    message: "User's mysite not found.",
  })
})

test('a file has the facets of a file', async () => {
  const item = file('text')
  const answer = await graph.get(path(item))
  expect(answer.body).toMatchObject({
    id: item.id,
    name: 'notes.txt',
    size: 54,
    eTag: eTag(item),
    cTag: cTag(item),
    file: {
      mimeType: 'text/plain',
      hashes: { sha256Hash: aString(/^[0-9A-F]{64}$/) },
    },
    parentReference: { driveId: adeles().id, driveType: 'business' },
    '@microsoft.graph.downloadUrl': aString(/tempauth=/),
  })
  for (const absent of ['folder', 'package', 'malware', 'remoteItem', 'publication', 'deleted']) {
    expect(answer.body).not.toHaveProperty(absent)
  }
})

test('only selected properties are returned', async () => {
  const answer = await graph.get(path(file('report'), '?$select=id,name,file,malware,folder'))
  expect(Object.keys(answer.body).toSorted()).toEqual([
    '@odata.context',
    '@odata.etag',
    'file',
    'id',
    'name',
  ])
})

test('large files come without hashes', async () => {
  const answer = await graph.get(path(file('film'), '?$select=file,size'))
  expect(answer.body).toMatchObject({
    size: 1024 ** 3,
    file: { mimeType: 'video/mp4', hashes: {} },
  })
})

test.each([
  ['folder', { folder: { childCount: 7 } }],
  ['notebook', { package: { type: 'oneNote' } }],
  ['malware', { malware: { description: aString() } }],
  ['checkedOut', { publication: { level: 'checkout' } }],
  ['shortcut', { remoteItem: { name: 'Marketing plan.docx' } }],
  ['folderShortcut', { remoteItem: { folder: { childCount: 3 } } }],
] as const)('%s has its facet', async (name, facet) => {
  expect((await graph.get(path(file(name)))).body).toMatchObject(facet)
})

test('a shortcut points to the item in its own drive', async () => {
  const { body } = await graph.get(path(file('shortcut'), '?$select=remoteItem'))
  expect(body['remoteItem']).toMatchObject({
    id: drives.at(drives.siteDrive('Marketing'), 'Plans/Marketing plan.docx').id,
    parentReference: { driveId: drives.siteDrive('Marketing').id },
  })
  expect(body).not.toHaveProperty('file')
})

test('content redirects to a download URL that needs no token', async () => {
  const response = await content(file('text'))
  expect(response.status).toBe(302)
  expect(response.body).toBeNull()
  const url = new URL(response.headers.get('location') ?? '')
  expect(url.origin).toBe(sandbox.hosts.download)
  expect(drives.redeemDownloadUrl(url)).toMatchObject({
    outcome: 'valid',
    itemId: file('text').id,
    rendition: 'original',
  })
})

test('content ignores Range and redirects', async () => {
  expect((await content(file('text'), { range: 'bytes=0-3' })).status).toBe(302)
})

test('content with a known eTag or cTag is not modified', async () => {
  const item = file('text')
  for (const tag of [eTag(item), cTag(item), `"other", ${cTag(item)}`]) {
    expect((await content(item, { 'if-none-match': tag })).status).toBe(304)
  }
  expect((await content(item, { 'if-none-match': '"other"' })).status).toBe(302)
})

test('documents convert to PDF, pictures do not', async () => {
  const converted = await content(file('report'), {}, '?format=pdf')
  const url = new URL(converted.headers.get('location') ?? '')
  expect(drives.redeemDownloadUrl(url)).toMatchObject({ outcome: 'valid', rendition: 'pdf' })
  const refused = await graph.get(path(file('image'), '/content?format=pdf'))
  expect(refused.status).toBe(406)
  expect(refused.body['error']).toMatchObject({
    code: 'notSupported',
    message: 'png',
    innererror: { code: 'InputFormatNotSupported' },
  })
  expect((await content(file('report'), {}, '?format=docx')).status).toBe(406)
})

test.each([
  ['locked', 423, 'notAllowed'],
  ['malware', 403, 'malwareDetected'],
  ['notebook', 400, 'invalidRequest'],
  ['folder', 400, 'invalidRequest'],
  ['shortcut', 404, 'itemNotFound'],
] as const)('the content of %s is refused: %i %s', async (name, status, code) => {
  const refused = await graph.get(path(file(name), '/content'))
  expect([refused.status, codeOf(refused)]).toEqual([status, code])
})

test('content of checked-out and labelled files is available', async () => {
  for (const name of ['checkedOut', 'labelled', 'empty'] as const) {
    expect((await content(file(name))).status).toBe(302)
  }
})

test('infected and locked files have no download URL', async () => {
  for (const name of ['malware', 'locked', 'folder', 'notebook'] as const) {
    const { body } = await graph.get(path(file(name)))
    expect(body).not.toHaveProperty('@microsoft.graph.downloadUrl')
  }
})

test('an unreadable item is denied and a missing one not found', async () => {
  const megans = drives.oneDriveOf(CAST.megan.id)
  if (megans === null) throw new Error('Megan has a OneDrive')
  const salaries = await graph.get(path(drives.at(megans, 'Private/Salaries.xlsx')))
  expect([salaries.status, codeOf(salaries)]).toEqual([403, 'accessDenied'])
  expect((await graph.get(path(drives.at(megans, 'Shared with Adele/Slides.pptx')))).status).toBe(
    200,
  )
  const root = await graph.get(`/v1.0/drives/${megans.id}/root/children`)
  expect(root.status).toBe(403)
  const gone = `/v1.0/drives/${megans.id}/items/01AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`
  expect(codeOf(await graph.get(gone))).toBe('itemNotFound')
})

test('a malformed drive id is a bad request', async () => {
  for (const id of ['b!short', 'me', '..%2f..%2fme']) {
    const refused = await graph.get(`/v1.0/drives/${id}/root`)
    expect([id, refused.status]).toEqual([id, 400])
  }
})

test('deleted and changed items have distinct errors', async () => {
  const own = aSandbox()
  const item = file('text', own)
  const caller = calling(own)
  own.drives.put({ ...item, version: 3, contentVersion: 2 })
  const changed = await caller.raw(path(item, '/content'), {
    headers: { 'if-none-match': eTag(item) },
  })
  expect(changed.status).toBe(302)
  own.drives.remove(item)
  expect(codeOf(await caller.get(path(item)))).toBe('itemNotFound')
})

test('children come in pages of 200', async () => {
  const folder = file('manyFiles')
  const first = await graph.get(path(folder, '/children?$select=id,name'))
  expect(valueOf(first)).toHaveLength(200)
  const second = await graph.get(String(first.body['@odata.nextLink']))
  const third = await graph.get(String(second.body['@odata.nextLink']))
  expect(valueOf(third)).toHaveLength(50)
  expect(third.body).not.toHaveProperty('@odata.nextLink')
  const whole = await graph.get(path(folder, '/children?$select=name&$top=1000'))
  expect(valueOf(whole)).toHaveLength(450)
})

test.each<[FaultName, number, string]>([
  ['files.access_denied', 403, 'accessDenied'],
  ['files.blocked_by_policy', 403, 'accessDenied'],
  ['files.malware', 403, 'malwareDetected'],
  ['files.locked', 423, 'notAllowed'],
])('%s turns content into %i %s', async (fault, status, code) => {
  const own = aSandbox()
  own.faults.set(fault, { times: 1 })
  const caller = calling(own)
  const refused = await caller.get(path(file('text', own), '/content'))
  expect([refused.status, codeOf(refused)]).toEqual([status, code])
  expect((await caller.raw(path(file('text', own), '/content'))).status).toBe(302)
})

test('a policy is named in the inner code', async () => {
  const own = aSandbox()
  own.faults.set('files.blocked_by_policy')
  const refused = await calling(own).get(path(file('text', own), '/content'))
  expect(refused.body['error']).toMatchObject({ innerError: { code: 'blockedByPolicy' } })
})

test('under the malware fault every file carries the facet', async () => {
  const own = aSandbox()
  own.faults.set('files.malware')
  const { body } = await calling(own).get(path(file('text', own)))
  expect(body).toHaveProperty('malware')
})

test.each<[FaultName, string]>([
  ['files.foreign_redirect', 'https://files.attacker.example'],
  ['files.http_redirect', 'http://contoso-files.sharepoint.com'],
  ['files.ip_redirect', 'https://203.0.113.7'],
])('%s redirects to an origin that a client must not follow', async (fault, origin) => {
  const own = aSandbox()
  own.faults.set(fault, { times: 1 })
  const response = await calling(own).raw(path(file('text', own), '/content'))
  expect(new URL(response.headers.get('location') ?? '').origin).toBe(origin)
})

test('files.bytes_from_graph sends the bytes, or the range that Range names', async () => {
  const own = aSandbox()
  own.faults.set('files.bytes_from_graph')
  const item = file('text', own)
  const raw = (headers = {}) => calling(own).raw(path(item, '/content'), { headers })
  const whole = await raw()
  expect([whole.status, whole.headers.get('location')]).toEqual([200, null])
  expect((await whole.arrayBuffer()).byteLength).toBe(54)
  const part = await raw({ range: 'bytes=10-19' })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/54'])
  expect((await part.arrayBuffer()).byteLength).toBe(10)
  expect((await raw({ range: 'bytes=54-' })).status).toBe(416)
})
