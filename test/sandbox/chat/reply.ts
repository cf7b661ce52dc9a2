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
  /** Whether anything of Entrada's own, or a token of Microsoft's, came along with the request. */
  readonly leaked: boolean
}

/** There is no model behind the demo: the answer says what reached the chat, word by word. */
export function replyWords(input: ReplyInput): readonly string[] {
  const { told, message, uploads, leaked } = input
  const firstName = told.name?.split(/\s+/)[0] ?? 'there'
  const words = message.message.split(/\s+/).filter((word) => word !== '').length
  const paragraphs = [
    `Hello ${firstName}. There is no model behind this demo, so here is what reached me: ` +
      `${words} ${words === 1 ? 'word' : 'words'} from you` +
      `${message.people.length > 0 ? `, about ${message.people.join(' and ')}` : ''}.`,
    ...uploads.map(
      (upload) =>
        `${upload.name} arrived whole: ${upload.bytes.toLocaleString('en-GB')} bytes, ` +
        `SHA-256 ${upload.sha256.slice(0, 16)}…`,
    ),
    toldWords(told, leaked),
  ]
  return paragraphs.join('\n\n').split(/(?<=\s)(?=\S)/)
}

function toldWords(told: Told, leaked: boolean): string {
  if (told.id === null) {
    return 'Nobody told me who you are, because this page was not opened through Entrada.'
  }
  const who = `Entrada told me who you are (${told.email ?? told.username ?? told.id})`
  return leaked ? `${who}.` : `${who}, and no cookie of its own and no Microsoft token came along.`
}
