import { EntradaFailure } from '../failure.ts'
import type { GraphAnswer } from '../graph/graph.ts'
import {
  accessGraph,
  type GraphAccess,
  type PeopleDeps,
  readText,
  type Searcher,
} from './access.ts'
import { invalid, readObjectId } from './query.ts'
import { graphFailureOf } from './source-result.ts'

/** The parameters of `GET /.entrada/people/:id/photo`. */
export interface PhotoQuery {
  readonly id: string
  /** Width and height in pixels. */
  readonly side: number
  readonly drawsInitials: boolean
}

/** A photo or drawn initials, ready to be sent. */
export interface Picture {
  /** Media type. */
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer> | string
  readonly maxAgeSeconds: number
}

/** The sizes that Graph has of every photo. */
const SIDES = [48, 64, 96, 120, 240, 360, 432, 504, 648] as const
const DEFAULT_SIDE = 96
const MAX_AGE_SECONDS = 3600
/** For initials that stand in for a photo that could not be loaded now. */
const SHORT_MAX_AGE_SECONDS = 60

/**
 * Reads a photo's parameters. A `size` between two sizes becomes the larger one.
 * @throws EntradaFailure `graph_not_found`, `invalid_request`
 */
export function readPhotoQuery(id: string, parameters: URLSearchParams): PhotoQuery {
  const size = Number(parameters.get('size') ?? DEFAULT_SIDE)
  const side = SIDES.find((known) => known >= size)
  if (!Number.isInteger(size) || size < 1 || side === undefined) {
    throw invalid(`size takes one of ${SIDES.join(', ')}.`)
  }
  const fallback = parameters.get('fallback')
  if (fallback !== null && fallback !== 'initials') throw invalid('fallback takes initials.')
  return { id: readObjectId(id), side, drawsInitials: fallback !== null }
}

/**
 * A person's photo, or on request the initials of a person without one.
 * @throws EntradaFailure with initials, only what `session.accessToken` throws; without them also `feature_off`,
 *   `consent_required`, `graph_not_found` and other failures of Graph
 */
export async function findPicture(
  deps: PeopleDeps,
  searcher: Searcher,
  query: PhotoQuery,
): Promise<Picture> {
  const initials = (name: string, maxAgeSeconds: number) => ({
    type: 'image/svg+xml',
    content: drawInitials(name, query.id, query.side),
    maxAgeSeconds,
  })
  try {
    const access = await accessGraph(deps, searcher, 'users')
    const { type, text } = await findPhoto(access, searcher, query)
    if (type !== '') return { type, content: fromBase64(text), maxAgeSeconds: MAX_AGE_SECONDS }
    if (query.drawsInitials) return initials(text, MAX_AGE_SECONDS)
  } catch (cause) {
    // While Graph throttles, a list with initials is better than one with broken images.
    if (!query.drawsInitials || !isAboutThePicture(cause)) throw cause
    return initials('', SHORT_MAX_AGE_SECONDS)
  }
  throw new EntradaFailure('graph_not_found', { detail: 'This person has no photo.' })
}

/** Failures of the session are thrown even when initials could be drawn. */
function isAboutThePicture(cause: unknown): boolean {
  return (
    cause instanceof EntradaFailure &&
    (cause.code.startsWith('graph_') || cause.code.endsWith('consent_required'))
  )
}

/** The base64 of a photo. With an empty type there is no photo, and the text is the person's name. */
interface CachedPhoto {
  readonly type: string
  readonly text: string
}

const CACHE_KIND = 'photo'
const CACHE_TIMES = { freshSeconds: 3600, lifeSeconds: 3600 }
/** No SVG, because browsers run its scripts. */
const TYPES = /^image\/(?:jpeg|pjpeg|png|gif|webp|bmp)$/
/** Larger photos are not cached. */
const MAX_CACHED_CHARACTERS = 256 * 1024
/** For some people without a photo Graph sends an image of one pixel. */
const PLACEHOLDER_BYTES = 100
const TIMEOUT_MS = 8_000

/** Reads a photo from the cache, or from Graph. */
async function findPhoto(
  access: GraphAccess,
  { session, settings, waitUntil }: Searcher,
  { id, side }: PhotoQuery,
): Promise<CachedPhoto> {
  const person = `/users/${id}`
  const path = `${person}/photos/${side}x${side}/$value`
  const isCaching = settings.lookupCacheSeconds > 0
  const [cached] = isCaching ? await access.own.read([path], [CACHE_KIND]) : []
  if (cached !== undefined) {
    const [type = '', text = ''] = cached.text.split('\n')
    return { type, text }
  }
  const request = { path, bucket: `${session.user.tenantId}/photos`, deadlineMs: TIMEOUT_MS }
  const photo = (await readPhoto(await access.graph.call(access.tokens, request))) ?? {
    type: '',
    text: (await readText(access, person, 'displayName')) ?? '',
  }
  const text = `${photo.type}\n${photo.text}`
  if (isCaching && text.length <= MAX_CACHED_CHARACTERS) {
    waitUntil(access.own.complete(null, [{ key: path, part: CACHE_KIND, text, ...CACHE_TIMES }]))
  }
  return photo
}

/** `null` for a person without a photo. */
async function readPhoto(answer: GraphAnswer): Promise<CachedPhoto | null> {
  if (!answer.ok) {
    const { status, claims } = answer.error
    // 400: Graph cannot scale the photo to this size, now or later.
    if (status === 404 || (status === 400 && claims === null)) return null
    throw graphFailureOf(answer.error)
  }
  const { headers } = answer.response
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
  const bytes = new Uint8Array(await answer.response.arrayBuffer())
  if (!TYPES.test(type)) throw new EntradaFailure('graph_unexpected')
  return bytes.length > PLACEHOLDER_BYTES ? { type, text: toBase64(bytes) } : null
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

/**
 * Draws an SVG with up to two letters, or with a silhouette for an unknown name. The id chooses the colour, so a
 * person always has the same one.
 */
export function drawInitials(name: string | null, id: string, side: number): string {
  const letters = initialsOf(name ?? '')
  const figure =
    letters === ''
      ? '<circle cx="50" cy="38" r="18"/><circle cx="50" cy="100" r="36"/>'
      : `<text x="50" y="65" font-family="system-ui,sans-serif" font-size="42" text-anchor="middle">${letters}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${hueOf(id)} 45% 38%)"/><g fill="#fff">${figure}</g></svg>`
}

/**
 * The initials of the first and the last word; one letter for names without spaces, as in Chinese or Thai. They
 * consist of letters and marks only, so they cannot contain markup.
 */
export function initialsOf(name: string): string {
  const letters = name.split(/[\s,]+/u).flatMap((word) => /\p{L}\p{M}*/u.exec(word)?.[0] ?? [])
  const ends = [...letters.slice(0, 1), ...letters.slice(1).slice(-1)]
  return ends.join('').toUpperCase().normalize('NFC')
}

function hueOf(id: string): number {
  return Number.parseInt(id.slice(-6), 16) % 360
}
