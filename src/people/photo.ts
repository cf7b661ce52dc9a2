import { EntradaFailure } from '../failure.ts'
import type { GraphAnswer } from '../graph/graph.ts'
import {
  accessDirectory,
  type DirectoryAccess,
  type PeopleDeps,
  readText,
  type Searcher,
} from './access.ts'
import { invalid, readObjectId } from './query.ts'
import { graphFailureOf } from './source-result.ts'

/** A picture for who has none: up to two letters on a colour that stays the same for the same person. */
export function drawInitials(name: string | null, id: string, side: number): string {
  const letters = initialsOf(name ?? '')
  const figure =
    letters === ''
      ? '<circle cx="50" cy="38" r="18"/><circle cx="50" cy="100" r="36"/>'
      : `<text x="50" y="65" font-family="system-ui,sans-serif" font-size="42" text-anchor="middle">${letters}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${hueOf(id)} 45% 38%)"/><g fill="#fff">${figure}</g></svg>`
}

/**
 * First and last word; one letter for names without spaces, as in Chinese or Thai. Letters and their marks
 * alone, so that nothing in them is markup.
 */
export function initialsOf(name: string): string {
  const letters = name.split(/[\s,]+/u).flatMap((word) => /\p{L}\p{M}*/u.exec(word)?.[0] ?? [])
  const ends = [...letters.slice(0, 1), ...letters.slice(1).slice(-1)]
  return ends.join('').toUpperCase().normalize('NFC')
}

function hueOf(id: string): number {
  return Number.parseInt(id.slice(-6), 16) % 360
}

/** A photo's base64; without a type there is none, and the text is the name that initials are made of. */
export interface CachedPhoto {
  readonly type: string
  readonly text: string
}

const PART = 'photo'
const TIMES = { freshSeconds: 3600, lifeSeconds: 3600 }
/** No SVG, and nothing else that a browser would run. */
const TYPES = /^image\/(?:jpeg|pjpeg|png|gif|webp|bmp)$/
/** Larger ones are asked for again rather than kept. */
const LARGEST_KEPT = 256 * 1024
/** The one-pixel image that stands for none. */
const PLACEHOLDER_BYTES = 100
const DEADLINE_MS = 8_000

/** From memory, or from Graph. */
export async function findPhoto(
  access: DirectoryAccess,
  { session, settings, waitUntil }: Searcher,
  { id, side }: { readonly id: string; readonly side: number },
): Promise<CachedPhoto> {
  const person = `/users/${id}`
  const path = `${person}/photos/${side}x${side}/$value`
  const isRemembering = settings.lookupCacheSeconds > 0
  const [known] = isRemembering ? await access.own.read([path], [PART]) : []
  if (known !== undefined) {
    const [type = '', text = ''] = known.text.split('\n')
    return { type, text }
  }
  const request = { path, bucket: `${session.user.tenantId}/photos`, deadlineMs: DEADLINE_MS }
  const photo = await readPhoto(await access.graph.call(access.tokens, request))
  const kept = photo ?? {
    type: '',
    text: (await readText(access, person, 'displayName')) ?? '',
  }
  const text = `${kept.type}\n${kept.text}`
  if (isRemembering && text.length <= LARGEST_KEPT) {
    waitUntil(access.own.complete(null, [{ key: path, part: PART, text, ...TIMES }]))
  }
  return kept
}

/** `null` for whoever has none. */
async function readPhoto(answer: GraphAnswer): Promise<CachedPhoto | null> {
  if (!answer.ok) {
    const { status, claims } = answer.error
    // 400: there is a picture, and Graph cannot make one of this size of it. Neither is there later.
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
