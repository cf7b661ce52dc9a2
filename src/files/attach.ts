import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import type { Report } from './audit.ts'
import { type ChatUpload, uploadFile } from './chat-upload.ts'
import { type ContentDeps, openWhole } from './content.ts'
import { problemSummary } from './file-policy.ts'
import type { ResumingSource } from './resuming-source.ts'

export interface AttachDeps extends ContentDeps {
  readonly upload: ChatUpload
  readonly report: Report
}

/** The least time between two `progress` events of a file. */
const PROGRESS_MS = 250

/**
 * Uploads files from SharePoint to the chat app, one after the other, without passing through the browser.
 * Events: `progress` while bytes are sent, `file` with each file's result, `done` at the end. A file that fails does
 * not stop the others.
 */
export async function attachFiles(
  addresses: readonly DriveItemAddress[],
  events: EventStream,
  deps: AttachDeps,
): Promise<void> {
  let attached = 0
  for (const address of addresses) {
    if (events.departure.aborted) break
    if (await attachFile(address, events, deps)) attached += 1
  }
  await events.send('done', { attached, failed: addresses.length - attached })
  await events.end()
}

async function attachFile(
  address: DriveItemAddress,
  events: EventStream,
  deps: AttachDeps,
): Promise<boolean> {
  const { driveId, itemId: id } = address
  let name: string | null = null
  let source: ResumingSource | null = null
  try {
    const item = await deps.files.find(address)
    name = item.name
    source = await openWhole(item, deps)
    let reportedAt = 0
    const onProgress = (bytes: number) => {
      if (Date.now() - reportedAt < PROGRESS_MS) return
      reportedAt = Date.now()
      events.sendLatest('progress', { driveId, id, name, bytes, total: item.size })
    }
    const answer = await uploadFile(
      { item, source, departure: events.departure },
      deps.upload,
      onProgress,
    )
    const isAccepted = answer.status < 400
    deps.report(address, isAccepted ? 'complete' : 'chat_refused', source.delivered)
    await events.send('file', { driveId, id, name, ok: isAccepted, ...answer })
    return isAccepted
  } catch (cause) {
    const failure = cause instanceof EntradaFailure ? cause : new EntradaFailure('internal')
    const result = events.departure.aborted ? 'cancelled' : failure.code
    deps.report(address, result, source?.delivered ?? 0)
    await events.send('file', { driveId, id, name, ok: false, problem: problemSummary(failure) })
    return false
  }
}

const KEEP_ALIVE_MS = 15_000

/** A response of server-sent events (HTML §9.2). */
export class EventStream {
  readonly response: Response
  readonly #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>
  readonly #departed = new AbortController()
  readonly #keepAlive: ReturnType<typeof setInterval>
  #isWriting = false

  constructor() {
    // Proxies cut silent connections, and only a failed write shows that the reader has left.
    this.#keepAlive = setInterval(() => {
      if (!this.#isWriting) void this.#write(': keep-alive\n\n')
    }, KEEP_ALIVE_MS)
    const { readable, writable } = new IdentityTransformStream()
    this.#writer = writable.getWriter()
    this.response = new Response(readable, {
      headers: { 'content-type': 'text/event-stream' },
    })
  }

  /** Aborted when the reader has left. */
  get departure(): AbortSignal {
    return this.#departed.signal
  }

  async send(event: string, data: unknown): Promise<void> {
    await this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** Sends an event that soon goes out of date; drops it while an earlier one is still being written. */
  sendLatest(event: string, data: unknown): void {
    if (!this.#isWriting && !this.departure.aborted) void this.send(event, data)
  }

  async end(): Promise<void> {
    clearInterval(this.#keepAlive)
    await this.#writer.close().catch(() => undefined)
  }

  async #write(text: string): Promise<void> {
    this.#isWriting = true
    try {
      await this.#writer.write(new TextEncoder().encode(text))
    } catch {
      // A write fails only after the reader has left.
      this.#departed.abort()
    }
    this.#isWriting = false
  }
}
