import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { openWhole, type ContentDeps } from './content.ts'
import type { EventStream } from './event-stream.ts'
import { problemOf } from './file-terms.ts'
import { uploadFile, type ChatUpload } from './chat-upload.ts'
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
