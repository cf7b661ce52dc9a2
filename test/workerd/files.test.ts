import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../sandbox/drives/cast-files.ts'
import type { StoredItem } from '../sandbox/drives/drive-item.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

const MIB = 1_048_576
const GIB = 1024 * MIB

let entrada: ServedEntrada
let chat: Server
let cookie: string
let uploads: Upload[]

interface Upload {
  readonly length: number
  readonly sha256: string
}

beforeAll(async () => {
  uploads = []
  chat = createServer((incoming, outgoing) => {
    outgoing.setHeader(
      'content-type',
      incoming.method === 'POST' ? 'application/json' : 'text/html',
    )
    if (incoming.method !== 'POST') return outgoing.end('<!doctype html><title>Chat</title>')
    return void readUpload(incoming).then((upload) => {
      uploads.push(upload)
      outgoing.end('{"id":"file-1"}')
    })
  })
  await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve))
  const address = chat.address()
  const port = typeof address === 'object' ? address?.port : undefined
  entrada = await serveEntrada({
    settings: {
      SHAREPOINT_MAX_FILE_BYTES: String(2 * GIB),
      ORIGIN_UPLOAD: '{"path":"/upload"}',
    },
    chat: `http://127.0.0.1:${port}`,
  })
  entrada.sandbox.entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  cookie = `__Host-entrada=${browser.cookies.get('__Host-entrada')?.value}`
})

afterEach(() => {
  entrada.sandbox.faults.clear()
})

afterAll(async () => {
  await entrada.close()
  chat.closeAllConnections()
  chat.close()
})

/**
 * Extracts the only file of a form, between the blank line after its headers and the last boundary.
 */
async function readUpload(incoming: IncomingMessage): Promise<Upload> {
  const chunks: Uint8Array[] = []
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const boundary = /boundary=(.+)$/.exec(incoming.headers['content-type'] ?? '')?.[1] ?? ''
  const start = body.indexOf('\r\n\r\n') + 4
  const file = body.subarray(start, body.lastIndexOf(`\r\n--${boundary}--`))
  return {
    length: Number(incoming.headers['content-length']),
    sha256: createHash('sha256').update(file).digest('hex'),
  }
}

function adeles(path: string): StoredItem {
  const { drives } = entrada.sandbox
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return drives.at(drive, path)
}

function ask(
  { driveId, id }: StoredItem,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<IncomingMessage> {
  const url = `${entrada.origin}/.entrada/files/${driveId}/${id}/content`
  const headers = { cookie, ...options.headers }
  return new Promise((resolve, reject) => {
    request(url, { method: options.method ?? 'GET', headers }, resolve)
      .on('error', reject)
      .end()
  })
}

interface Received {
  readonly bytes: number
  readonly sha256: string
}

async function receive(incoming: IncomingMessage, watch = () => {}): Promise<Received> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of incoming) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('sockets give bytes')
    hash.update(chunk)
    bytes += chunk.byteLength
    watch()
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function stored(item: StoredItem): Promise<string> {
  const hash = createHash('sha256')
  await entrada.sandbox.drives.content(item).pipeTo(
    new WritableStream<Uint8Array>({
      write(chunk) {
        hash.update(chunk)
      },
    }),
  )
  return hash.digest('hex')
}

/** Resident memory of the runtime that this test has started, in MiB. */
function runtimeMemory(): number {
  const own = readdirSync('/proc').flatMap((pid) => {
    const status = readIfThere(`/proc/${pid}/status`)
    const isOurs = status.includes('Name:\tworkerd') && status.includes(`PPid:\t${process.pid}\n`)
    return isOurs ? [Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024] : []
  })
  return Math.max(...own)
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A process can end between listing and reading.
    return ''
  }
}

test('completes a download of one GiB that breaks at 40 %, with constant memory', async () => {
  const item = adeles(ADELE_FILES.film)
  const warm = await ask(item, { headers: { range: `bytes=0-${64 * MIB - 1}` } })
  expect(warm.statusCode).toBe(206)
  expect((await receive(warm)).bytes).toBe(64 * MIB)
  const before = runtimeMemory()
  let most = before
  let chunks = 0
  entrada.sandbox.faults.set('files.cut', { times: 1 })
  const response = await ask(item)
  expect(response.headers['content-length']).toBe(String(GIB))
  const received = await receive(response, () => {
    chunks += 1
    if (chunks % 256 === 0) most = Math.max(most, runtimeMemory())
  })
  expect(received.bytes).toBe(GIB)
  expect(received.sha256).toBe(await stored(item))
  expect(before).toBeGreaterThan(0)
  expect(most - before).toBeLessThan(32)
  const ranges = entrada.sandbox.journal.to('download').map(({ headers }) => headers.get('range'))
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(ranges.at(-1) ?? '') ?? []
  expect(Number(to)).toBe(GIB - 1)
  // Bytes that were read but not sent when the connection broke are requested again: less than one
  // buffer.
  expect(Number(from)).toBeLessThanOrEqual(GIB * 0.4)
  expect(Number(from)).toBeGreaterThan(GIB * 0.4 - MIB)
}, 180_000)

test('answers HEAD with the length and no body', async () => {
  const response = await ask(adeles(ADELE_FILES.film), { method: 'HEAD' })
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-length']).toBe(String(GIB))
  expect((await receive(response)).bytes).toBe(0)
})

test('ends the connection before the declared length when a download cannot be completed', async () => {
  const item = adeles(ADELE_FILES.recording)
  entrada.sandbox.faults.set('files.cut', { times: 1 })
  const response = await ask(item)
  entrada.sandbox.drives.put({ ...item, version: item.version + 1 })
  await expect(receive(response)).rejects.toThrow()
  await expect
    .poll(() => entrada.logs.events('file_downloaded').at(-1)?.['result'], { timeout: 15_000 })
    .toBe('file_changed')
})

test('cancels the download at Microsoft when the receiver leaves, and logs it', async () => {
  const response = await ask(adeles(ADELE_FILES.film))
  await new Promise((resolve) => response.once('data', resolve))
  response.destroy()
  await expect
    .poll(() => entrada.logs.events('file_downloaded').at(-1)?.['result'], { timeout: 15_000 })
    .toBe('cancelled')
})

test('sends an archive of one GiB with constant memory', async () => {
  const items = [ADELE_FILES.film, ADELE_FILES.text].map((path) => {
    const { driveId, id } = adeles(path)
    return { driveId, id }
  })
  const before = runtimeMemory()
  let most = before
  let chunks = 0
  const response = await post('/.entrada/files/archive', JSON.stringify({ items }))
  const received = await receive(response, () => {
    chunks += 1
    if (chunks % 1024 === 0) most = Math.max(most, runtimeMemory())
  })
  expect(received.bytes).toBeGreaterThan(GIB)
  // Constant after garbage collection; until then the engine keeps small garbage.
  expect(most - before).toBeLessThan(96)
}, 180_000)

test('uploads a file from SharePoint to the chat app with its length', async () => {
  const item = adeles(ADELE_FILES.report)
  entrada.sandbox.faults.set('files.cut', { times: 1 })
  const items = [{ driveId: item.driveId, id: item.id }]
  const response = await post('/.entrada/files/attach', JSON.stringify({ items }))
  const events = (await response.setEncoding('utf8').toArray()).join('')
  expect(events).toContain('"answer":{"id":"file-1"}')
  expect(events).toContain('data: {"attached":1,"failed":0}')
  expect(uploads).toEqual([{ length: expect.any(Number), sha256: await stored(item) }])
  expect(uploads[0]?.length).toBeGreaterThan(48_211)
})

function post(path: string, body: string): Promise<IncomingMessage> {
  const headers = { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
  return new Promise((resolve, reject) => {
    request(`${entrada.origin}${path}`, { method: 'POST', headers }, resolve)
      .on('error', reject)
      .end(body)
  })
}
