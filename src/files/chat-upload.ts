import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { PRESETS, type UploadTarget } from '../settings/presets.ts'
import { streamBody } from './body-stream.ts'
import { safeFileName, safeMediaType } from './file-name.ts'
import { multipartFrame } from './multipart.ts'
import type { ResumingSource } from './resuming-source.ts'

/** The chat app's own upload, as the person who asked would use it. */
export interface ChatUpload {
  readonly target: UploadTarget
  readonly publicOrigin: string
  /** The person's request: its cookies and credentials go along, so that the chat app knows whose file it is. */
  readonly request: Request
  readonly fields: Readonly<Record<string, string>>
  /** The way every proxied request goes. */
  toChat(request: Request): Promise<Response>
}

export interface ChatAnswer {
  readonly status: number
  /** What the chat app said, parsed if it is JSON; its page needs the id in it. */
  readonly answer: unknown
}

interface Sending {
  readonly item: DriveItem
  readonly source: ResumingSource
  /** Aborted when the person has left. */
  readonly left: AbortSignal
}

/** Of the person's request, what says who they are and what they speak; the rest is about another body. */
const PASSED_ON = [
  'authorization',
  'cookie',
  'accept-language',
  'user-agent',
  'cf-connecting-ip',
  'x-csrf-token',
  'x-xsrf-token',
  'x-requested-with',
] as const
const LARGEST_ANSWER = 65_536

/**
 * One file as one form upload, streamed from SharePoint to the chat app.
 * @throws EntradaFailure for a file that could not be read to its end, or a chat app that did not answer
 */
export async function uploadFile(
  { item, source, left }: Sending,
  upload: ChatUpload,
  onProgress: (bytes: number) => void,
): Promise<ChatAnswer> {
  const { url, frame } = formFor(item, upload)
  const { body, length, delivered, stop } = streamBody(source, { frame, onProgress })
  const headers = headersOf(upload)
  headers.set('content-type', frame.contentType)
  if (length !== null) headers.set('content-length', String(length))
  left.addEventListener('abort', stop)
  // Whoever left while the file was being opened is not heard of again.
  if (left.aborted) stop()
  // An app that refuses answers before it has read everything, and then reads no more.
  const request = new Request(url, { method: 'POST', headers, body })
  const answered = upload.toChat(request).finally(stop)
  const [{ result }, [answer]] = await Promise.all([delivered, Promise.allSettled([answered])])
  if (result !== 'complete' && result !== 'cancelled') throw new EntradaFailure(result)
  if (answer.status === 'rejected') throw answer.reason
  return readAnswer(answer.value)
}

/** Where the file goes, and the form around it. */
function formFor(item: DriveItem, { target, fields, publicOrigin }: ChatUpload) {
  const url = new URL(target.path, publicOrigin)
  const own: Record<string, string> = {}
  for (const [field, value] of Object.entries({ ...target.fields, ...fields })) {
    if (target.query.includes(field)) url.searchParams.set(field, value)
    else own[field] = value.replaceAll('{uuid}', crypto.randomUUID())
  }
  const name = safeFileName(item.name)
  const frame = multipartFrame(own, {
    field: target.field,
    name: target.encodesName ? encodeURIComponent(name) : name,
    type: safeMediaType(item.mediaType),
  })
  return { url, frame }
}

function headersOf({ publicOrigin, request }: ChatUpload): Headers {
  const headers = new Headers({ accept: 'application/json', origin: publicOrigin })
  for (const name of PASSED_ON) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  return headers
}

async function readAnswer(response: Response): Promise<ChatAnswer> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  const length = Number(response.headers.get('content-length') ?? 0)
  if (!/\bjson\b/i.test(type) || length > LARGEST_ANSWER) {
    await response.body?.cancel()
    return { status, answer: null }
  }
  const answer: unknown = await response.json().catch(() => null)
  return { status, answer }
}

/** `null` when nobody has said where uploads go. */
export function uploadTargetOf({ upload, preset }: ChatSettings): UploadTarget | null {
  return upload ?? PRESETS[preset].upload
}
