import type { NewLookup } from '../stores/lookup-cache.ts'
import type { SourceResult } from './part-answer.ts'
import { SOURCES, type CacheKind } from './permissions.ts'

/** Someone who was not found may have been created a moment ago. */
const NOBODY_SECONDS = 60
const LONGEST_REFUSAL_SECONDS = 300
/** Whom one deals with does not change with what one types, nor by the minute. */
const ACQUAINTANCE_SECONDS = 3600

export interface CacheSlot {
  /** Of the text that was asked. */
  readonly key: string
  /** Of what holds for every text. */
  readonly foot: string
  readonly freshSeconds: number
  /** None of the parts that were asked has anybody. */
  readonly isNobody: boolean
}

/** What is to be remembered of an answer, where and for how long. */
export function cacheWrites(
  row: CacheKind,
  answer: SourceResult,
  place: CacheSlot,
): readonly NewLookup[] {
  const { key, foot, freshSeconds, isNobody } = place
  const isOfPart = SOURCES.some((part) => part === row)
  if (answer.status !== 'ok') {
    // That somebody could not be looked up in passing is no refusal of a part.
    if (!isOfPart) return []
    const left = (answer.retryAt ?? 0) - Date.now() / 1000
    const seconds = Math.min(LONGEST_REFUSAL_SECONDS, Math.max(1, left))
    const text = JSON.stringify({ ...answer, principals: [] })
    return [
      { key: foot, part: sourceErrorOf(row), text, freshSeconds: seconds, lifeSeconds: seconds },
    ]
  }
  const lookup = { part: row, text: JSON.stringify(answer), freshSeconds }
  if (!isOfPart) {
    return [{ ...lookup, key: foot, lifeSeconds: Math.max(freshSeconds, ACQUAINTANCE_SECONDS) }]
  }
  if (isNobody) {
    const seconds = Math.min(NOBODY_SECONDS, freshSeconds)
    return [{ ...lookup, key, freshSeconds: seconds, lifeSeconds: seconds }]
  }
  // Shown once more while it is asked for anew, and no longer than that.
  return [{ ...lookup, key, lifeSeconds: freshSeconds * 2 }]
}

export function sourceErrorOf(row: CacheKind): string {
  return `refused ${row}`
}
