import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { FIELD_NAME } from '../settings/upload.ts'
import { Items, readAddresses } from './archive-request.ts'

const Field = v.pipe(v.string(), v.maxLength(2000))
const Fields = v.pipe(
  v.record(v.pipe(v.string(), v.regex(FIELD_NAME)), Field),
  v.check((fields) => Object.keys(fields).length <= 30),
)
const Ask = v.object({
  items: Items,
  fields: v.optional(Fields, {}),
})

export interface AttachAsk {
  readonly addresses: readonly DriveItemAddress[]
  /** What the chat's own page would send beside the file. */
  readonly fields: Readonly<Record<string, string>>
}

/** @throws EntradaFailure `invalid_request`, `too_many_files` */
export function readAttachAsk(json: unknown, maxFiles: number): AttachAsk {
  const parsed = v.safeParse(Ask, json)
  if (!parsed.success) {
    throw new EntradaFailure('invalid_request', {
      detail: 'Expected {"items": [{"driveId": "…", "id": "…"}], "fields": {"name": "value"}}.',
    })
  }
  const { items, fields } = parsed.output
  return { addresses: readAddresses(items, maxFiles), fields }
}
