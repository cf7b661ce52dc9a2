import * as v from 'valibot'
import { readJson } from '../json.ts'
import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { PRESETS, type UploadTarget } from '../settings/presets.ts'
import { streamBody } from './body-stream.ts'
import { safeFileName, safeMediaType } from './file-name.ts'
import { multipartFrame } from './multipart.ts'
import type { ResumingSource } from './resuming-source.ts'

/** The chat app's upload route, used on behalf of the person. */
export interface ChatUpload {
  readonly target: UploadTarget
  readonly publicOrigin: string
  /** The person's request. Its cookies and credentials are passed on, so that the chat app knows the owner. */
  readonly request: Request
  readonly fields: Readonly<Record<string, string>>
  /** Sends a request through the proxy, as every request of a signed-in person. */
  forwardToChat(request: Request): Promise<Response>
}

export interface ChatResponse {
  readonly status: number
  /** The response's JSON, which has the file's id for the chat app's page; `null` for anything else. */
  readonly answer: unknown
}

interface FileUpload {
  readonly item: DriveItem
  readonly source: ResumingSource
  /** Aborted when the person has left. */
  readonly departure: AbortSignal
}

/** Headers about the person and browser. The others describe the request's own body. */
const FORWARDED_HEADERS = [
  'authorization',
  'cookie',
  'accept-language',
  'user-agent',
  'cf-connecting-ip',
  'x-csrf-token',
  'x-xsrf-token',
  'x-requested-with',
] as const
const MAX_ANSWER_BYTES = 65_536

/**
 * Uploads one file as one form, streamed from SharePoint to the chat app.
 * @param onProgress called with the bytes of the file sent so far
 * @throws EntradaFailure when the file cannot be read to its end or the chat app does not respond
 */
export async function uploadFile(
  { item, source, departure }: FileUpload,
  upload: ChatUpload,
  onProgress: (bytes: number) => void,
): Promise<ChatResponse> {
  const { url, frame } = formFor(item, upload)
  const { body, length, delivered, stop } = streamBody(source, { frame, onProgress })
  const headers = headersOf(upload)
  headers.set('content-type', frame.contentType)
  if (length !== null) headers.set('content-length', String(length))
  departure.addEventListener('abort', stop)
  // The signal does not fire again for a person who left while the file was being opened.
  if (departure.aborted) stop()
  // A chat app that refuses an upload responds early and reads no more, so the transfer stops with the response.
  const request = new Request(url, { method: 'POST', headers, body })
  const responded = upload.forwardToChat(request).finally(stop)
  const [{ result }, [settled]] = await Promise.all([delivered, Promise.allSettled([responded])])
  if (result !== 'complete' && result !== 'cancelled') throw new EntradaFailure(result)
  if (settled.status === 'rejected') throw settled.reason
  return readAnswer(settled.value)
}

/** The upload's URL, and the form around the file. */
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
  for (const name of FORWARDED_HEADERS) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  return headers
}

async function readAnswer(response: Response): Promise<ChatResponse> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  const length = Number(response.headers.get('content-length') ?? 0)
  if (!/\bjson\b/i.test(type) || length > MAX_ANSWER_BYTES) {
    await response.body?.cancel()
    return { status, answer: null }
  }
  return { status, answer: await readJson(response, v.unknown()) }
}

/** The upload route of `ORIGIN_UPLOAD` or of the preset; `null` when neither has one. */
export function uploadTargetOf({ upload, preset }: ChatSettings): UploadTarget | null {
  return upload ?? PRESETS[preset].upload
}
