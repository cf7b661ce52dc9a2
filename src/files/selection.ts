import { parseJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'
import { MAX_BODY_BYTES, readForm, readJsonBody } from '../http/request-body.ts'
import { FIELD_NAME } from '../settings/chat.ts'

const Items = v.pipe(v.array(v.object({ driveId: v.string(), id: v.string() })), v.minLength(1))
/** The most that the two ids of a file take in a percent-encoded form. */
const MAX_BYTES_PER_FILE = 1024
const Text = v.pipe(v.string(), v.maxLength(2000))
const Fields = v.pipe(
  v.record(v.pipe(v.string(), v.regex(FIELD_NAME)), Text),
  v.check((fields) => Object.keys(fields).length <= 30),
)
const Selection = v.object({
  items: Items,
  name: v.optional(v.pipe(v.string(), v.maxLength(200)), 'files'),
  fields: v.optional(Fields, {}),
})

/** The files of one archive or one attach request. */
export interface FileSelection {
  readonly addresses: readonly DriveItemAddress[]
  /** The archive's file name. */
  readonly name: string
  /** Form fields that the chat app's upload expects beside each file. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * Reads JSON, or a form whose `items` is the same JSON: with a plain form the browser saves the archive as a file.
 * Duplicates count once.
 * @throws EntradaFailure `invalid_request`, `too_many_files`, `body_too_large`
 */
export async function readFileSelection(
  request: Request,
  maxFiles: number,
): Promise<FileSelection> {
  const maxBytes = Math.max(MAX_BODY_BYTES, maxFiles * MAX_BYTES_PER_FILE)
  const isForm = FORM.test(request.headers.get('content-type') ?? '')
  const ask = isForm
    ? await readSelectionForm(request, maxBytes)
    : await readJsonBody(request, Selection, maxBytes)
  if (ask === null) {
    throw invalid(
      'Expected {"items": [{"driveId": "…", "id": "…"}]}, with optional `name` and `fields`.',
    )
  }
  const { items, name, fields } = ask
  const addresses = new Map<string, DriveItemAddress>()
  for (const { driveId, id } of items) {
    const address = readDriveItemAddress(driveId, id)
    if (address === null) throw invalid('An item does not have the ids of a drive and a file.')
    addresses.set(`${driveId} ${id}`, address)
  }
  if (addresses.size <= maxFiles) return { addresses: [...addresses.values()], name, fields }
  throw new EntradaFailure('too_many_files', {
    detail: `Choose at most ${maxFiles} files at once.`,
  })
}

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i

/** The same request as a form; its `items` is the list as JSON. */
async function readSelectionForm(
  request: Request,
  maxBytes: number,
): Promise<v.InferOutput<typeof Selection> | null> {
  const { items, ...fields } = Object.fromEntries((await readForm(request, maxBytes)) ?? [])
  const list = typeof items === 'string' ? parseJson(items, v.unknown()) : items
  const { success, output } = v.safeParse(Selection, { ...fields, items: list })
  return success ? output : null
}

function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}
