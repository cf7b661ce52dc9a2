import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { ADELE_FILES } from '../drives/cast-files.ts'
import { cTag, eTag, type StoredItem } from '../drives/drive-item.ts'
import { createSandbox, type Sandbox } from '../sandbox.ts'

const TEXT = 'Remember the milk.\nVergiss die Milch nicht – bitte.\n'
const BYTES = new TextEncoder().encode(TEXT)

let sandbox: Sandbox

beforeEach(() => {
  sandbox = createSandbox({ people: 10, groups: 0 })
})

afterEach(() => {
  vi.useRealTimers()
})

function adeles(path: string): StoredItem {
  const drive = sandbox.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return sandbox.drives.at(drive, path)
}

function urlOf(path: string): string {
  return sandbox.drives.issueDownloadUrl(adeles(path))
}

function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return sandbox.fetch(new Request(url, { method, headers }))
}

test('the URL without a token returns the whole file, with its name, type and tag', async () => {
  const response = await get(urlOf(ADELE_FILES.umlauts))
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('Überblick\n')
  expect(response.headers.get('content-length')).toBe('11')
  expect(response.headers.get('content-type')).toBe('text/plain')
  expect(response.headers.get('etag')).toBe(eTag(adeles(ADELE_FILES.umlauts)))
  expect(response.headers.get('content-disposition')).toBe(
    "attachment; filename*=UTF-8''%C3%9Cberblick%20%E2%80%93%20%E2%80%9EEntwurf%E2%80%9C%20100%25.txt",
  )
})

test.each([
  ['the first bytes', 'bytes=0-7', 206, `bytes 0-7/${BYTES.length}`, BYTES.slice(0, 8)],
  [
    'the rest from a byte on',
    'bytes=40-',
    206,
    `bytes 40-${BYTES.length - 1}/${BYTES.length}`,
    BYTES.slice(40),
  ],
  [
    'the last bytes',
    'bytes=-5',
    206,
    `bytes ${BYTES.length - 5}-${BYTES.length - 1}/${BYTES.length}`,
    BYTES.slice(-5),
  ],
  [
    'an end past the end',
    'bytes=50-9999',
    206,
    `bytes 50-${BYTES.length - 1}/${BYTES.length}`,
    BYTES.slice(50),
  ],
  [
    'more than there is from the end',
    'bytes=-9999',
    206,
    `bytes 0-${BYTES.length - 1}/${BYTES.length}`,
    BYTES,
  ],
  ['a start past the end', 'bytes=9999-', 416, `bytes */${BYTES.length}`, new Uint8Array()],
  ['no bytes from the end', 'bytes=-0', 416, `bytes */${BYTES.length}`, new Uint8Array()],
  ['several ranges', 'bytes=0-1,4-5', 200, null, BYTES],
  ['a range that runs backwards', 'bytes=5-1', 200, null, BYTES],
  ['another unit', 'lines=0-1', 200, null, BYTES],
  ['nonsense', 'bytes=x-y', 200, null, BYTES],
])('answers Range %s as RFC 9110 requires', async (_what, range, status, contentRange, bytes) => {
  const response = await get(urlOf(ADELE_FILES.text), { range })
  expect(response.status).toBe(status)
  expect(response.headers.get('content-range')).toBe(contentRange)
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
})

test('If-Range with an outdated version returns the whole new version', async () => {
  const headers = { range: 'bytes=0-7', 'if-range': '"{0000},1"' }
  expect((await get(urlOf(ADELE_FILES.text), headers)).status).toBe(200)
  const current = { ...headers, 'if-range': eTag(adeles(ADELE_FILES.text)) }
  expect((await get(urlOf(ADELE_FILES.text), current)).status).toBe(206)
})

test('HEAD returns the length without a body', async () => {
  const response = await get(urlOf(ADELE_FILES.film), {}, 'HEAD')
  expect(response.headers.get('content-length')).toBe(String(1024 ** 3))
  expect(response.body).toBeNull()
})

test('the end of a 1 GiB file is sent at once, because only that part is generated', async () => {
  const response = await get(urlOf(ADELE_FILES.film), { range: 'bytes=-10' })
  expect(response.status).toBe(206)
  expect((await response.arrayBuffer()).byteLength).toBe(10)
})

test.each([
  ['eTag', (item: StoredItem) => eTag(item)],
  ['cTag', (item: StoredItem) => cTag(item)],
  ['eTag among others', (item: StoredItem) => `"other", ${eTag(item)}`],
])('a known %s is answered with 304', async (_which, tagOf) => {
  const tag = tagOf(adeles(ADELE_FILES.text))
  const response = await get(urlOf(ADELE_FILES.text), { 'if-none-match': tag })
  expect(response.status).toBe(304)
  expect(response.body).toBeNull()
})

test('a bearer token next to the URL is refused with an HTML page, not ignored', async () => {
  const response = await get(urlOf(ADELE_FILES.text), { authorization: 'Bearer anything' })
  expect(response.status).toBe(401)
  expect(response.headers.get('content-type')).toContain('text/html')
})

test('a URL expires after minutes', async () => {
  vi.useFakeTimers()
  const url = urlOf(ADELE_FILES.text)
  vi.advanceTimersByTime(4 * 60_000)
  expect((await get(url)).status).toBe(200)
  vi.advanceTimersByTime(2 * 60_000)
  const late = await get(url)
  expect(late.status).toBe(401)
  expect(late.headers.get('content-type')).toContain('text/html')
})

test('a forged tempauth or a different path is refused', async () => {
  const url = new URL(urlOf(ADELE_FILES.text))
  url.searchParams.set('tempauth', 'v1.made-up')
  expect((await get(url.href)).status).toBe(401)
  url.pathname = '/elsewhere'
  expect((await get(url.href)).status).toBe(404)
})

test('a file that was deleted since is gone', async () => {
  const url = urlOf(ADELE_FILES.text)
  sandbox.drives.remove(adeles(ADELE_FILES.text))
  expect((await get(url)).status).toBe(404)
})

test('a URL made for PDF returns the document as PDF', async () => {
  const url = sandbox.drives.issueDownloadUrl(adeles(ADELE_FILES.report), 'pdf')
  const response = await get(url)
  expect(response.headers.get('content-type')).toBe('application/pdf')
  expect(response.headers.get('content-disposition')).toContain('Quarterly%20report.pdf')
  expect(new TextDecoder().decode(await response.arrayBuffer())).toMatch(/^%PDF-/)
})

test('the answer has headers that a proxy must not forward', async () => {
  const { headers } = await get(urlOf(ADELE_FILES.text))
  expect(headers.getSetCookie()).toHaveLength(2)
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.has('link')).toBe(true)
})

test('files.cut breaks the connection after 40 % of Content-Length', async () => {
  sandbox.faults.set('files.cut')
  const response = await get(urlOf(ADELE_FILES.recording))
  const promised = Number(response.headers.get('content-length'))
  const body: ReadableStream<Uint8Array> | null = response.body
  let received = 0
  const reading = (async () => {
    for await (const chunk of body ?? []) received += chunk.byteLength
  })()
  await expect(reading).rejects.toThrow('reset')
  expect(received).toBe(Math.floor(promised * 0.4))
})

test('files.range_ignored answers a range with the whole file', async () => {
  sandbox.faults.set('files.range_ignored')
  const response = await get(urlOf(ADELE_FILES.text), { range: 'bytes=0-1' })
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(TEXT)
})

test('files.slow sends small pieces with a pause before each', async () => {
  sandbox.faults.set('files.slow', { delayMs: 20 })
  const startedAt = performance.now()
  const response = await get(urlOf(ADELE_FILES.report))
  expect((await response.arrayBuffer()).byteLength).toBe(48_211)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55)
})

test('files.url_expired refuses a new URL', async () => {
  sandbox.faults.set('files.url_expired', { times: 1 })
  const url = urlOf(ADELE_FILES.text)
  expect((await get(url)).status).toBe(401)
  expect((await get(url)).status).toBe(200)
})

test('files.chained_redirect redirects the client once more', async () => {
  sandbox.faults.set('files.chained_redirect')
  const first = await get(urlOf(ADELE_FILES.text))
  expect(first.status).toBe(302)
  const next = first.headers.get('location') ?? ''
  expect(new URL(next).origin).toBe(sandbox.hosts.download)
  expect(await (await get(next)).text()).toBe(TEXT)
})
