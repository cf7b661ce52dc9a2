import { EntradaFailure } from '../failure.ts'
import { drawInitials } from './initials.ts'
import { invalid, readObjectId } from './parameters.ts'
import { accessDirectory, type Searcher, type PeopleDeps } from './people-access.ts'
import { findPhoto } from './kept-photo.ts'

export interface PhotoQuery {
  readonly id: string
  /** Pixels of one side. */
  readonly side: number
  readonly drawsInitials: boolean
}

export interface Picture {
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer> | string
  readonly maxAgeSeconds: number
}

const SIDES = [48, 64, 96, 120, 240, 360, 432, 504, 648] as const
const USUAL_SIDE = 96
const FRESH_SECONDS = 3600
/** When the picture could not be had, or might be there any minute. */
const SHORT_SECONDS = 60

/** @throws EntradaFailure `graph_not_found`, `invalid_request` */
export function readPhotoQuery(id: string, parameters: URLSearchParams): PhotoQuery {
  const size = Number(parameters.get('size') ?? USUAL_SIDE)
  const side = SIDES.find((known) => known >= size)
  if (!Number.isInteger(size) || size < 1 || side === undefined) {
    throw invalid(`size takes one of ${SIDES.join(', ')}.`)
  }
  const fallback = parameters.get('fallback')
  if (fallback !== null && fallback !== 'initials') throw invalid('fallback takes initials.')
  return { id: readObjectId(id), side, drawsInitials: fallback !== null }
}

/**
 * Somebody's photo; where there is none, their initials if that is asked for.
 * @throws EntradaFailure `graph_not_found` without initials; otherwise only what the session's token may throw
 */
export async function findPicture(
  deps: PeopleDeps,
  asker: Searcher,
  query: PhotoQuery,
): Promise<Picture> {
  const initials = (name: string, maxAgeSeconds: number) => ({
    type: 'image/svg+xml',
    content: drawInitials(name, query.id, query.side),
    maxAgeSeconds,
  })
  try {
    const access = await accessDirectory(deps, asker, 'users')
    const { type, text } = await findPhoto(access, asker, query)
    if (type !== '') return { type, content: fromBase64(text), maxAgeSeconds: FRESH_SECONDS }
    if (query.drawsInitials) return initials(text, FRESH_SECONDS)
  } catch (cause) {
    // A list with a hole for every throttled picture would be worse than one with initials.
    if (!query.drawsInitials || !isAboutThePicture(cause)) throw cause
    return initials('', SHORT_SECONDS)
  }
  throw new EntradaFailure('graph_not_found', { detail: 'This person has no photo.' })
}

/** A session that has ended is the caller's affair, whatever is drawn. */
function isAboutThePicture(cause: unknown): boolean {
  return (
    cause instanceof EntradaFailure &&
    (cause.code.startsWith('graph_') || cause.code.endsWith('consent_required'))
  )
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
