import * as v from 'valibot'
import type { Upload } from './uploads.ts'
import type { Told } from './told.ts'

const MESSAGE = v.object({
  message: v.pipe(v.string(), v.maxLength(20_000)),
  people: v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(20)),
  attachments: v.pipe(v.array(v.string()), v.maxLength(20)),
})

export type ChatMessage = v.InferOutput<typeof MESSAGE>

export function readMessage(input: unknown): ChatMessage | null {
  const parsed = v.safeParse(MESSAGE, input)
  return parsed.success ? parsed.output : null
}

export interface ReplyInput {
  readonly told: Told
  readonly message: ChatMessage
  readonly uploads: readonly Upload[]
  /** Whether one of Entrada's cookies or a Microsoft token reached the chat. */
  readonly leaked: boolean
}

/** The demo has no model: the answer lists what reached the chat, streamed one word at a time. */
export function replyWords(input: ReplyInput): readonly string[] {
  const { told, message, uploads, leaked } = input
  const firstName = told.name?.split(/\s+/)[0] ?? 'there'
  const words = message.message.split(/\s+/).filter((word) => word !== '').length
  const paragraphs = [
    `Hello ${firstName}. This demo has no model. I received ` +
      `${words} ${words === 1 ? 'word' : 'words'} from you` +
      `${message.people.length > 0 ? `, about ${message.people.join(' and ')}` : ''}.`,
    ...uploads.map(
      (upload) =>
        `${upload.name} arrived complete: ${upload.bytes.toLocaleString('en-GB')} bytes, ` +
        `SHA-256 ${upload.sha256.slice(0, 16)}…`,
    ),
    toldWords(told, leaked),
  ]
  return paragraphs.join('\n\n').split(/(?<=\s)(?=\S)/)
}

function toldWords(told: Told, leaked: boolean): string {
  if (told.id === null) {
    return 'I do not know who you are, because this page was not opened through Entrada.'
  }
  const who = `Entrada told me who you are (${told.email ?? told.username ?? told.id})`
  return leaked ? `${who}.` : `${who}. The request had no Entrada cookie and no Microsoft token.`
}
