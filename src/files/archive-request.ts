import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'

const Item = v.object({ driveId: v.string(), id: v.string() })
/** At least one file, by its two ids. */
export const Items = v.pipe(v.array(Item), v.minLength(1))
const Ask = v.object({ items: Items, name: v.optional(v.pipe(v.string(), v.maxLength(200))) })

export interface ArchiveAsk {
  readonly addresses: readonly DriveItemAddress[]
  readonly name: string | null
}

/**
 * JSON, or a form whose `items` is the same JSON: a plain form lets the browser save the answer as a file.
 * @throws EntradaFailure `invalid_request`, `too_many_files`
 */
export async function readArchiveAsk(request: Request, maxFiles: number): Promise<ArchiveAsk> {
  const parsed = v.safeParse(Ask, await bodyOf(request))
  if (!parsed.success) {
    throw invalid('Expected {"items": [{"driveId": "…", "id": "…"}], "name": "…"}.')
  }
  const { items, name } = parsed.output
  return { addresses: readAddresses(items, maxFiles), name: name ?? null }
}

/** Each file once, however often it was asked for. */
export function readAddresses(
  items: readonly v.InferOutput<typeof Item>[],
  maxFiles: number,
): readonly DriveItemAddress[] {
  const addresses = new Map<string, DriveItemAddress>()
  for (const { driveId, id } of items) {
    const address = readDriveItemAddress(driveId, id)
    if (address === null) throw invalid('One of these is not the id of a file.')
    addresses.set(`${driveId} ${id}`, address)
  }
  if (addresses.size <= maxFiles) return [...addresses.values()]
  throw new EntradaFailure('too_many_files', { detail: `No more than ${maxFiles} files at once.` })
}

async function bodyOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (/^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)) {
    const form = await request.formData().catch(() => new FormData())
    const name = form.get('name')
    return { items: jsonOf(form.get('items')), ...(name === null ? {} : { name }) }
  }
  return request.json().catch(() => null)
}

function jsonOf(text: unknown): unknown {
  if (typeof text !== 'string') return null
  try {
    return JSON.parse(text)
  } catch {
    // Reported as a body of the wrong form, which it is.
    return null
  }
}

function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}
