import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Graph } from '../graph/graph.ts'
import type { OwnedLookups } from '../stores/lookup-cache.ts'
import { isObjectId } from './directory-readers.ts'
import { graphFailureOf } from './graph-failure.ts'
import { drawInitials } from './initials.ts'
import {
  accessDirectory,
  type Asker,
  type DirectoryAccess,
  type PeopleParts,
} from './people-access.ts'

export interface PhotoQuery {
  readonly id: string
  /** Pixels of one side. */
  readonly side: number
  readonly drawsInitials: boolean
}

export interface Picture {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly maxAgeSeconds: number
}

const SIDES = [48, 64, 96, 120, 240, 360, 432, 504, 648] as const
const DEFAULT_SIDE = 96
/** No SVG, and nothing else that a browser would run. */
const TYPES = /^image\/(?:jpeg|pjpeg|png|gif|webp|bmp)$/
const FRESH_SECONDS = 3600
/** When the picture could not be had, or might be there any minute. */
const SHORT_SECONDS = 60
/** Larger ones are asked for again rather than kept. */
const LARGEST_KEPT_BYTES = 256 * 1024
/** The one-pixel image that stands for none. */
const PLACEHOLDER_BYTES = 100
const DEADLINE_MS = 8_000

/** Without bytes there is no photo, and the name is what initials are made of. */
const Kept = v.object({ type: v.string(), base64: v.string(), name: v.nullable(v.string()) })
type Kept = v.InferOutput<typeof Kept>
const Named = v.object({ displayName: v.nullish(v.string(), null) })

/** @throws EntradaFailure `graph_not_found`, `invalid_request` */
export function readPhotoQuery(id: string, parameters: URLSearchParams): PhotoQuery {
  if (!isObjectId(id)) throw new EntradaFailure('graph_not_found')
  const size = Number(parameters.get('size') ?? DEFAULT_SIDE)
  const side = SIDES.find((known) => known >= size)
  if (!Number.isInteger(size) || size < 1 || side === undefined) {
    throw new EntradaFailure('invalid_request', {
      detail: `size takes one of ${SIDES.join(', ')}.`,
    })
  }
  const fallback = parameters.get('fallback')
  if (fallback !== null && fallback !== 'initials') {
    throw new EntradaFailure('invalid_request', { detail: 'fallback takes initials.' })
  }
  return { id: id.toLowerCase(), side, drawsInitials: fallback !== null }
}

/**
 * Somebody's photo; where there is none, their initials if that is asked for.
 * @throws EntradaFailure `graph_not_found` without initials; otherwise only what the session's token may throw
 */
export async function findPicture(
  parts: PeopleParts,
  asker: Asker,
  query: PhotoQuery,
): Promise<Picture> {
  try {
    const access = await accessDirectory(parts, asker, 'users')
    const kept = await findPhoto(access, asker, query)
    if (kept.base64 !== '') {
      const bytes = fromBase64(kept.base64)
      return { type: kept.type, bytes, maxAgeSeconds: FRESH_SECONDS }
    }
    if (query.drawsInitials) return initials(query, kept.name, FRESH_SECONDS)
  } catch (cause) {
    // A list with a hole for every throttled picture would be worse than one with initials.
    if (!query.drawsInitials || !isAboutThePicture(cause)) throw cause
    return initials(query, null, SHORT_SECONDS)
  }
  throw new EntradaFailure('graph_not_found', { detail: 'This person has no photo.' })
}

async function findPhoto(access: DirectoryAccess, asker: Asker, query: PhotoQuery): Promise<Kept> {
  const { lookups } = access
  const key = `photo/${query.id}/${query.side}`
  const isRemembering = asker.settings.lookupCacheSeconds > 0
  const [known] = isRemembering ? await lookups.read([key], ['photo']) : []
  const kept = known === undefined ? null : v.safeParse(Kept, JSON.parse(known.text))
  if (kept?.success === true) return kept.output
  const photo = await fetchPhoto(access, asker, query)
  if (isRemembering && photo.base64.length <= LARGEST_KEPT_BYTES) {
    asker.waitUntil(keep(lookups, key, photo))
  }
  return photo
}

async function fetchPhoto(access: DirectoryAccess, asker: Asker, query: PhotoQuery): Promise<Kept> {
  const { graph, tokens } = access
  const bucket = `${asker.session.user.tenantId}/photos`
  const path = `/users/${query.id}/photos/${query.side}x${query.side}/$value`
  const answer = await graph.call(tokens, { path, bucket, deadlineMs: DEADLINE_MS })
  if (answer.ok) {
    const type = (answer.response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
    const bytes = new Uint8Array(await answer.response.arrayBuffer())
    if (!TYPES.test(type)) throw new EntradaFailure('graph_unexpected')
    if (bytes.length > PLACEHOLDER_BYTES) return { type, base64: toBase64(bytes), name: null }
  } else if (answer.error.status !== 404) throw graphFailureOf(answer.error)
  return {
    type: '',
    base64: '',
    name: await fetchName(access, { path: `/users/${query.id}`, bucket }),
  }
}

/** For the initials of whoever has no photo; without it they are a silhouette. */
async function fetchName(
  { graph, tokens }: { readonly graph: Graph } & DirectoryAccess,
  { path, bucket }: { readonly path: string; readonly bucket: string },
): Promise<string | null> {
  const request = { path: `${path}?$select=displayName`, bucket, deadlineMs: DEADLINE_MS }
  const answer = await graph.call(tokens, request)
  if (!answer.ok) return null
  const named = v.safeParse(Named, await answer.response.json().catch(() => null))
  return named.success ? named.output.displayName : null
}

function keep(lookups: OwnedLookups, key: string, photo: Kept): Promise<void> {
  const text = JSON.stringify(photo)
  const times = { freshSeconds: FRESH_SECONDS, lifeSeconds: FRESH_SECONDS }
  return lookups.settle(null, [{ key, part: 'photo', text, ...times }])
}

function initials({ id, side }: PhotoQuery, name: string | null, maxAgeSeconds: number): Picture {
  const bytes = Uint8Array.from(new TextEncoder().encode(drawInitials(name, id, side)))
  return { type: 'image/svg+xml', bytes, maxAgeSeconds }
}

/** A session that has ended is the caller's affair, whatever is drawn. */
function isAboutThePicture(cause: unknown): boolean {
  return (
    cause instanceof EntradaFailure &&
    (cause.code.startsWith('graph_') || cause.code.endsWith('consent_required'))
  )
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
