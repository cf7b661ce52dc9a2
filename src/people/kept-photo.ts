import { EntradaFailure } from '../failure.ts'
import type { GraphAnswer } from '../graph/graph.ts'
import { graphFailureOf } from './graph-failure.ts'
import { readText, type Searcher, type DirectoryAccess } from './people-access.ts'

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
