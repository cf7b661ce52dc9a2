import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { type ChatUpload, uploadFile } from './chat-upload.ts'
import { type ContentDeps, openWhole } from './content.ts'
import { problemOf } from './file-policy.ts'
import type { ResumingSource } from './resuming-source.ts'

export interface AttachDeps extends ContentDeps {
  readonly upload: ChatUpload
  report(address: DriveItemAddress, result: string, bytes: number): void
}

/** Not more often than a person can see. */
const PROGRESS_MS = 250

/**
 * Sends files from SharePoint to the chat's own upload, one after the other, without the browser in between.
 * Events: `progress` as bytes go, `file` for how each ended, `done` at last. A file that fails stops no other.
 */
export async function attachFiles(
  addresses: readonly DriveItemAddress[],
  events: EventStream,
  deps: AttachDeps,
): Promise<void> {
  let attached = 0
  for (const address of addresses) {
    if (events.left.aborted) break
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
    let toldAt = 0
    const tell = (bytes: number) => {
      if (Date.now() - toldAt < PROGRESS_MS) return
      toldAt = Date.now()
      events.sendLatest('progress', { driveId, id, name, bytes, total: item.size })
    }
    const answer = await uploadFile({ item, source, left: events.left }, deps.upload, tell)
    const isTaken = answer.status < 400
    deps.report(address, isTaken ? 'complete' : 'chat_refused', source.delivered)
    await events.send('file', { driveId, id, name, ok: isTaken, ...answer })
    return isTaken
  } catch (cause) {
    const failure = cause instanceof EntradaFailure ? cause : new EntradaFailure('internal')
    const result = events.left.aborted ? 'cancelled' : failure.code
    deps.report(address, result, source?.delivered ?? 0)
    await events.send('file', { driveId, id, name, ok: false, problem: problemOf(failure) })
    return false
  }
}

const PULSE_MS = 15_000

/** Server-sent events (HTML §9.2), from one writer to one reader. */
export class EventStream {
  readonly response: Response
  readonly #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>
  readonly #left = new AbortController()
  readonly #pulse: ReturnType<typeof setInterval>
  #isWriting = false

  constructor() {
    // What is silent for long is cut on the way, and a reader who has left is noticed by writing alone.
    this.#pulse = setInterval(() => {
      if (!this.#isWriting) void this.#write(': still here\n\n')
    }, PULSE_MS)
    const { readable, writable } = new IdentityTransformStream()
    this.#writer = writable.getWriter()
    this.response = new Response(readable, {
      headers: { 'content-type': 'text/event-stream' },
    })
  }

  /** Aborted when nobody listens any more. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  async send(event: string, data: unknown): Promise<void> {
    await this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** For what is soon out of date: dropped while the reader is still busy with what came before. */
  sendLatest(event: string, data: unknown): void {
    if (!this.#isWriting && !this.left.aborted) void this.send(event, data)
  }

  async end(): Promise<void> {
    clearInterval(this.#pulse)
    await this.#writer.close().catch(() => undefined)
  }

  async #write(text: string): Promise<void> {
    this.#isWriting = true
    try {
      await this.#writer.write(new TextEncoder().encode(text))
    } catch {
      // The reader has gone, and there is nobody to tell.
      this.#left.abort()
    }
    this.#isWriting = false
  }
}
