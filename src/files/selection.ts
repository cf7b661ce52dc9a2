import { parseJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'
import { MAX_BODY_BYTES, readForm, readJsonBody } from '../http/request-body.ts'
import { FIELD_NAME } from '../settings/chat.ts'

const Items = v.pipe(v.array(v.object({ driveId: v.string(), id: v.string() })), v.minLength(1))
/** An id of a drive and one of a file, in the wordiest spelling of a form. */
const BYTES_PER_FILE = 1024
const Text = v.pipe(v.string(), v.maxLength(2000))
const Fields = v.pipe(
  v.record(v.pipe(v.string(), v.regex(FIELD_NAME)), Text),
  v.check((fields) => Object.keys(fields).length <= 30),
)
const Ask = v.object({
  items: Items,
  name: v.optional(v.pipe(v.string(), v.maxLength(200)), 'files'),
  fields: v.optional(Fields, {}),
})

/** Which files are asked for at once, and what is said of them all. */
export interface FileSelection {
  readonly addresses: readonly DriveItemAddress[]
  /** Of the archive. */
  readonly name: string
  /** What the chat's own page would send beside each file. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * JSON, or a form whose `items` is the same JSON: a plain form lets the browser save the answer as a file.
 * Each file comes once, however often it is asked for.
 * @throws EntradaFailure `invalid_request`, `too_many_files`, `body_too_large`
 */
export async function readFileSelection(
  request: Request,
  maxFiles: number,
): Promise<FileSelection> {
  const most = Math.max(MAX_BODY_BYTES, maxFiles * BYTES_PER_FILE)
  const isForm = FORM.test(request.headers.get('content-type') ?? '')
  const ask = isForm ? await readAskForm(request, most) : await readJsonBody(request, Ask, most)
  if (ask === null) {
    throw invalid('Expected {"items": [{"driveId": "…", "id": "…"}]}, and a name or fields.')
  }
  const { items, name, fields } = ask
  const addresses = new Map<string, DriveItemAddress>()
  for (const { driveId, id } of items) {
    const address = readDriveItemAddress(driveId, id)
    if (address === null) throw invalid('One of these is not the id of a file.')
    addresses.set(`${driveId} ${id}`, address)
  }
  if (addresses.size <= maxFiles) return { addresses: [...addresses.values()], name, fields }
  throw new EntradaFailure('too_many_files', { detail: `No more than ${maxFiles} files at once.` })
}

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i

/** The same request as a form; its `items` is the list as JSON. */
async function readAskForm(
  request: Request,
  most: number,
): Promise<v.InferOutput<typeof Ask> | null> {
  const { items, ...fields } = Object.fromEntries((await readForm(request, most)) ?? [])
  const list = typeof items === 'string' ? parseJson(items, v.unknown()) : items
  const { success, output } = v.safeParse(Ask, { ...fields, items: list })
  return success ? output : null
}

function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}
