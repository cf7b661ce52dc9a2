import * as v from 'valibot'
import type { Variables } from './variables.ts'

/** How the chat app takes a file that is uploaded to it, as its own page would send it. */
export interface UploadTarget {
  readonly path: string
  /** Form field that holds the file. */
  readonly field: string
  /** Sent with every file. `{uuid}` stands for a new one each time. */
  readonly fields: Readonly<Record<string, string>>
  /** Of the fields a page may send along, those that go into the query. */
  readonly query: readonly string[]
  /** The app expects the file's name percent-encoded. */
  readonly encodesName: boolean
}

/** Characters a form field's name needs no care for. */
export const FIELD_NAME = /^[A-Za-z0-9_.[\]-]{1,64}$/

const Name = v.pipe(v.string(), v.regex(FIELD_NAME))
const Target = v.strictObject({
  path: v.pipe(v.string(), v.regex(/^(?:\/[A-Za-z0-9._~-]+)+\/?$/)),
  field: v.optional(Name, 'file'),
  fields: v.optional(v.record(Name, v.string()), {}),
  query: v.optional(v.array(Name), []),
  encodesName: v.optional(v.boolean(), false),
})

/** `ORIGIN_UPLOAD`; `null` leaves it to the preset. */
export function readUpload(variables: Variables): UploadTarget | null {
  const fix =
    'Write {"path":"/api/files","field":"file"}; fields, query and encodesName are optional'
  return variables.json('ORIGIN_UPLOAD', Target, fix) ?? null
}
