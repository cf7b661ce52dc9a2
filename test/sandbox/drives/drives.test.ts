import { createHash } from 'node:crypto'
import { crc32, inflateSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { createDirectories } from '../directory/generate.ts'
import { MICROSOFT_HOSTS } from '../hosts.ts'
import { ADELE_FILES } from './cast-files.ts'
import { bytesOf, held, made, readContent } from './content.ts'
import { type Drive, sizeOf, type StoredItem } from './drive-item.ts'
import { Drives } from './drives.ts'
import { quickXor, sha256 } from './hashes.ts'
import { pdfSaying } from './pdf.ts'
import { pngFor } from './png.ts'

const tenants = createDirectories({ seed: 1, people: 40, groups: 0 })

let drives: Drives
let adeles: Drive

beforeEach(() => {
  drives = new Drives(MICROSOFT_HOSTS, tenants)
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  adeles = drive
})

afterEach(() => {
  vi.useRealTimers()
})

const read = async (item: StoredItem, start?: number, end?: number) =>
  new Uint8Array(await new Response(drives.content(item, start, end)).arrayBuffer())

test("drive and item ids have the format of SharePoint's", () => {
  expect(adeles.id).toMatch(/^b![A-Za-z0-9_-]{64}$/)
  for (const path of Object.values(ADELE_FILES)) {
    expect(drives.at(adeles, path).id).toMatch(/^01[A-Z2-7]{32}$/)
  }
})

test('another store finds a OneDrive by its id', () => {
  const other = new Drives(MICROSOFT_HOSTS, tenants)
  expect(other.drive(adeles.id)?.ownerId).toBe(CAST.adele.id)
  expect(other.item(adeles.id, drives.at(adeles, ADELE_FILES.text).id)?.name).toBe('notes.txt')
})

test('an altered drive id is not found', () => {
  expect(drives.drive(`${adeles.id.slice(0, -1)}${adeles.id.endsWith('A') ? 'B' : 'A'}`)).toBeNull()
  expect(drives.drive('b!short')).toBeNull()
})

test('people without a licence have no OneDrive', () => {
  expect(drives.oneDriveOf(CAST.unal.id)).toBeNull()
  expect(drives.oneDriveOf(CAST.gustav.id)).toBeNull()
})

test('generated content does not depend on how it is divided into ranges', async () => {
  const recording = drives.at(adeles, ADELE_FILES.recording)
  const whole = await read(recording)
  expect(whole.length).toBe(8 * 1024 * 1024)
  for (const [start, end] of [
    [0, 1],
    [65_535, 65_537],
    [1_000_000, 1_700_000],
    [whole.length - 5, whole.length],
  ] as const) {
    expect(Buffer.compare(await read(recording, start, end), whole.subarray(start, end))).toBe(0)
  }
})

test('no two blocks of generated content are equal', () => {
  const block = (seed: number, index: number) =>
    Buffer.from(bytesOf(made(1 << 30, seed), index * 65_536, (index + 1) * 65_536)).toString('hex')
  expect(new Set([block(1, 0), block(1, 1), block(1, 16_383), block(2, 0)]).size).toBe(4)
})

test('a file of 1 GiB is generated only as it is read', async () => {
  const reader = readContent(made(1024 ** 3, 7)).getReader()
  const before = process.memoryUsage().arrayBuffers
  const first = await reader.read()
  expect(first.value?.length).toBeLessThanOrEqual(256 * 1024)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024)
  await reader.cancel()
})

test('the SHA-256 is the hash of the bytes', async () => {
  const report = drives.at(adeles, ADELE_FILES.report)
  if (report.body.kind !== 'file') throw new Error('a file expected')
  const expected = createHash('sha256')
    .update(await read(report))
    .digest('hex')
    .toUpperCase()
  expect(sha256(report.body.content)).toBe(expected)
})

// Reference values from other implementations of Microsoft's hash.
test.each([
  ['', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['Sg==', 'SgAAAAAAAAAAAAAAAQAAAAAAAAA='],
  ['tbQ=', 'taAFAAAAAAAAAAAAAgAAAAAAAAA='],
])('quickXorHash of %s is %s', (input, expected) => {
  expect(quickXor(held(Buffer.from(input, 'base64')))).toBe(expected)
})

test('quickXorHash wraps around its 160-bit ring', () => {
  const bytes = new Uint8Array(161).fill(0xff)
  const bits = Array<number>(160).fill(0)
  bytes.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) {
      const at = (index * 11 + bit) % 160
      bits[at] = (bits[at] ?? 0) ^ ((byte >> bit) & 1)
    }
  })
  for (let bit = 0; bit < 8; bit++) {
    const at = 96 + bit
    bits[at] = (bits[at] ?? 0) ^ ((bytes.length >> bit) & 1)
  }
  const ring = Buffer.alloc(20)
  bits.forEach((bit, at) => {
    ring[at >> 3] = (ring[at >> 3] ?? 0) | (bit << (at & 7))
  })
  expect(quickXor(held(bytes))).toBe(ring.toString('base64'))
})

test('files with names that break paths, headers and markup exist', () => {
  const names = drives.children(drives.at(adeles, 'Odd names')).map(({ name }) => name)
  expect(names).toContain('..\\..\\climb.txt')
  expect(names).toContain('..%2f..%2fclimb.txt')
  expect(names).toContain(`She said "it's fine"; really.txt`)
  expect(names).toContain('🎉 party & plans #1.png')
  expect(Math.max(...names.map((name) => name.length))).toBeGreaterThan(240)
})

test('a web address names the host the drive is on', () => {
  const url = (item: StoredItem) => new URL(drives.webUrl(item))
  expect(url(drives.at(adeles, ADELE_FILES.umlauts)).href).toBe(
    `${MICROSOFT_HOSTS.oneDrive}/personal/adele_vance_contoso_example/Documents/Odd%20names/` +
      '%C3%9Cberblick%20%E2%80%93%20%E2%80%9EEntwurf%E2%80%9C%20100%25.txt',
  )
  const plan = drives.at(drives.siteDrive('Marketing'), 'Plans/Marketing plan.docx')
  expect(url(plan).origin).toBe(MICROSOFT_HOSTS.sharePoint)
  expect(url(plan).pathname).toBe('/sites/Marketing/_layouts/15/Doc.aspx')
})

test('a shortcut names an item that exists in the other drive', () => {
  const { body } = drives.at(adeles, ADELE_FILES.shortcut)
  if (body.kind !== 'remote') throw new Error('a shortcut expected')
  expect(drives.item(body.driveId, body.itemId)?.name).toBe('Marketing plan.docx')
})

test('a folder of many files has 450 children', () => {
  expect(drives.children(drives.at(adeles, ADELE_FILES.manyFiles))).toHaveLength(450)
})

test('read access follows ownership, membership and sharing', () => {
  const megans = drives.oneDriveOf(CAST.megan.id)
  if (megans === null) throw new Error('Megan has a OneDrive')
  const salaries = drives.at(megans, 'Private/Salaries.xlsx')
  const slides = drives.at(megans, 'Shared with Adele/Slides.pptx')
  const plan = drives.at(drives.siteDrive('Marketing'), 'Plans/Marketing plan.docx')
  const minutes = drives.at(drives.siteDrive('Board'), 'Minutes.docx')
  const handbook = drives.at(drives.siteDrive('root'), 'Employee handbook.pdf')
  const readable = (id: string) =>
    [salaries, slides, plan, minutes, handbook]
      .filter((item) => drives.canRead(id, item))
      .map(({ name }) => name)
  expect(readable(CAST.megan.id)).toEqual([
    'Salaries.xlsx',
    'Slides.pptx',
    'Marketing plan.docx',
    'Employee handbook.pdf',
  ])
  expect(readable(CAST.adele.id)).toEqual([
    'Slides.pptx',
    'Marketing plan.docx',
    'Employee handbook.pdf',
  ])
  expect(readable(CAST.diego.id)).toEqual(['Minutes.docx', 'Employee handbook.pdf'])
  expect(readable(CAST.gustav.id)).toEqual([])
})

test('sharing a folder shares all its descendants', () => {
  const folder = drives.at(adeles, ADELE_FILES.folder)
  const text = drives.at(adeles, ADELE_FILES.text)
  expect(drives.canRead(CAST.gustav.id, text)).toBe(false)
  drives.put({ ...folder, sharedWith: [CAST.gustav.id] })
  expect(drives.canRead(CAST.gustav.id, text)).toBe(true)
})

test('removing a folder removes its descendants', () => {
  const text = drives.at(adeles, ADELE_FILES.text)
  drives.remove(drives.at(adeles, ADELE_FILES.folder))
  expect(drives.item(adeles.id, text.id)).toBeNull()
})

test('a download URL names the download host, works repeatedly, and expires after minutes', () => {
  vi.useFakeTimers()
  const text = drives.at(adeles, ADELE_FILES.text)
  const url = new URL(drives.issueDownloadUrl(text))
  expect(url.origin).toBe(MICROSOFT_HOSTS.download)
  expect(url.pathname).toBe('/personal/adele_vance_contoso_example/_layouts/15/download.aspx')
  expect(url.searchParams.get('UniqueId')).toBe(text.uniqueId)
  const valid = { outcome: 'valid', driveId: adeles.id, itemId: text.id, rendition: 'original' }
  expect(drives.redeemDownloadUrl(url)).toEqual(valid)
  expect(drives.redeemDownloadUrl(url)).toEqual(valid)
  vi.advanceTimersByTime(6 * 60_000)
  expect(drives.redeemDownloadUrl(url)).toEqual({ outcome: 'expired' })
})

test('a forged download URL is unknown', () => {
  const url = new URL(`${MICROSOFT_HOSTS.download}/_layouts/15/download.aspx?tempauth=v1.guess`)
  expect(drives.redeemDownloadUrl(url)).toEqual({ outcome: 'unknown' })
})

test('documents are packages of their exact size, with readable text inside', async () => {
  for (const path of [ADELE_FILES.report, ADELE_FILES.locked]) {
    const item = drives.at(adeles, path)
    const bytes = Buffer.from(await read(item))
    expect(bytes.length).toBe(sizeOf(item))
    const end = bytes.length - 22
    expect(bytes.readUInt32LE(end)).toBe(0x06054b50)
    const directory = bytes.readUInt32LE(end + 16)
    expect(bytes.readUInt32LE(directory)).toBe(0x02014b50)
    expect(bytes.readUInt32LE(directory + 42)).toBe(0)
    expect(bytes.readUInt32LE(0)).toBe(0x04034b50)
    const nameLength = bytes.readUInt16LE(26)
    const content = bytes.subarray(30 + nameLength, 30 + nameLength + bytes.readUInt32LE(22))
    expect(content.toString()).toContain('<Types')
    expect(bytes.readUInt32LE(14)).toBe(crc32(content))
    expect(bytes.includes(item.name)).toBe(true)
  }
})

test('an encrypting label replaces the document by a compound file', async () => {
  const start = await read(drives.at(adeles, ADELE_FILES.labelled), 0, 8)
  expect(Buffer.from(start).toString('hex')).toBe('d0cf11e0a1b11ae1')
})

test('generated content starts with the signature of its type', async () => {
  const start = async (path: string) => Buffer.from(await read(drives.at(adeles, path), 0, 12))
  expect((await start(ADELE_FILES.japanese)).toString('latin1', 0, 2)).toBe('PK')
  expect((await start(ADELE_FILES.film)).toString('latin1', 4, 12)).toBe('ftypmp42')
})

test("the PDF's startxref points to its cross-reference table", () => {
  const file = Buffer.from(pdfSaying('a (b) \\ ü')).toString('latin1')
  const start = Number(/startxref\n(\d+)/.exec(file)?.[1])
  expect(file.slice(start, start + 4)).toBe('xref')
  const first = Number(/\n(\d{10}) 00000 n/.exec(file)?.[1])
  expect(file.slice(first, first + 7)).toBe('1 0 obj')
})

test('the PNG contains as many pixels as its header states', () => {
  const png = Buffer.from(pngFor(123456, 48))
  expect(png.readUInt32BE(16)).toBe(48)
  const at = png.indexOf('IDAT')
  const pixels = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
  expect(pixels.length).toBe(48 * (1 + 48 * 3))
})

test('files above the size limits exist without being held in memory', () => {
  expect(sizeOf(drives.at(adeles, ADELE_FILES.film))).toBe(1024 ** 3)
  expect(sizeOf(drives.at(adeles, ADELE_FILES.archive))).toBe(512 * 1024 ** 2 + 1)
})
