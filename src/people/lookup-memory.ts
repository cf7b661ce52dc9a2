import type { Lookup, NewLookup, OwnedLookups } from '../stores/lookup-cache.ts'
import type { Rows } from './directory-search.ts'
import { readPartAnswer, type PartAnswer } from './part-answer.ts'
import { PARTS, ROWS, type Part, type Row } from './permissions.ts'
import { beginningsOf, type SearchText } from './search-text.ts'

/** What is remembered of one row. */
export interface Remembered {
  /** The text it was asked with: what is searched for now, or a beginning of it. */
  readonly search: SearchText
  readonly answer: PartAnswer
  readonly isStale: boolean
}

/** For each row what was found, and for each part what it last refused with. */
export interface Memories {
  readonly found: ReadonlyMap<Row, Remembered>
  readonly refused: ReadonlyMap<Row, PartAnswer>
}

export interface LookupMemoryParts {
  readonly own: OwnedLookups
  /** For users and groups, where the organisation lets its members share them. */
  readonly shared: OwnedLookups | null
  /** What the token may see decides what it finds. */
  readonly scopes: readonly string[]
  readonly search: SearchText
  readonly freshSeconds: number
}

/** Two rungs for a name, a few for long ones; whoever pastes a sentence asks for it alone. */
const MOST_BEGINNINGS = 24
/** Longer than a search may take, so that nobody asks while it is under way. */
const HOLD_SECONDS = 14
/** Someone who was not found may have been created a moment ago. */
const NOBODY_SECONDS = 60
const LONGEST_REFUSAL_SECONDS = 300
/** Whom one deals with does not change with what one types, nor by the minute. */
const ACQUAINTANCE_SECONDS = 3600

/**
 * What has been looked up before, by text and by its beginnings. What holds for every text lies at the foot
 * of the ladder: refusals, and whom the user deals with.
 */
export class LookupMemory {
  readonly #parts: LookupMemoryParts
  /** Longest first, the text itself in front. */
  readonly #rungs: readonly SearchText[]
  readonly #foot: string

  constructor(parts: LookupMemoryParts) {
    this.#parts = parts
    this.#rungs = [parts.search, ...beginningsOf(parts.search, MOST_BEGINNINGS)]
    this.#foot = this.#keyOf('')
  }

  /** The operator wants nothing kept. */
  get isOff(): boolean {
    return this.#parts.freshSeconds === 0
  }

  async read(parts: readonly Part[]): Promise<Memories> {
    const [own, shared] = await Promise.all([
      this.#parts.own.read(this.#keys, [...parts, 'known', ...parts.map(refusalOf)]),
      this.#readShared(parts),
    ])
    return this.#memories([...shared, ...own])
  }

  /** Reads again, and asks for leave to ask Graph. Texts that begin alike wait for each other. */
  async claim(parts: readonly Part[]): Promise<Memories & { readonly isGranted: boolean }> {
    const { isGranted, lookups } = await this.#parts.own.claim(this.#claimName, {
      holdSeconds: HOLD_SECONDS,
      keys: this.#keys,
      parts: [...parts, 'known', 'acquaintances', ...parts.map(refusalOf)],
    })
    return { isGranted, ...this.#memories([...(await this.#readShared(parts)), ...lookups]) }
  }

  /**
   * Remembers what a claim has led to, and ends it.
   * @param isWhole every part was asked: if all are empty, nobody at all was found
   */
  async settle(rows: Rows, isWhole: boolean): Promise<void> {
    const { own, shared } = this.#parts
    const nobody = isWhole && PARTS.every((part) => !rows.get(part)?.principals.length)
    const toOwn: NewLookup[] = []
    const toShared: NewLookup[] = []
    for (const [row, answer] of rows) {
      // That somebody could not be looked up in passing is no refusal of a part.
      if (answer.status !== 'ok' && !PARTS.some((part) => part === row)) continue
      const list = shared !== null && isShareable(row) && answer.status === 'ok' ? toShared : toOwn
      list.push(this.#lookupOf(row, answer, nobody))
    }
    if (shared !== null && toShared.length > 0) await shared.settle(null, toShared)
    await own.settle(this.#claimName, toOwn)
  }

  #lookupOf(row: Row, answer: PartAnswer, nobody: boolean): NewLookup {
    const { freshSeconds, search } = this.#parts
    if (answer.status !== 'ok') {
      const left = (answer.retryAt ?? 0) - Date.now() / 1000
      const seconds = Math.min(LONGEST_REFUSAL_SECONDS, Math.max(1, left))
      const text = JSON.stringify({ ...answer, principals: [] })
      return { key: this.#foot, part: refusalOf(row), text, ...lasting(seconds, seconds) }
    }
    const text = JSON.stringify(answer)
    if (row === 'acquaintances' || row === 'known') {
      const fresh = row === 'known' ? freshSeconds : ACQUAINTANCE_SECONDS
      return { key: this.#foot, part: row, text, ...lasting(fresh, ACQUAINTANCE_SECONDS) }
    }
    const fresh = nobody ? Math.min(NOBODY_SECONDS, freshSeconds) : freshSeconds
    // Shown once more while it is asked for anew, and no longer than that.
    return {
      key: this.#keyOf(search.key),
      part: row,
      text,
      ...lasting(fresh, nobody ? fresh : fresh * 2),
    }
  }

  async #readShared(parts: readonly Part[]): Promise<readonly Lookup[]> {
    const wanted = parts.filter(isShareable)
    const { shared } = this.#parts
    return shared === null || wanted.length === 0 ? [] : shared.read(this.#keys, wanted)
  }

  #memories(lookups: readonly Lookup[]): Memories {
    const found = new Map<Row, Remembered>()
    const refused = new Map<Row, PartAnswer>()
    for (const { key, part, text, isStale } of lookups) {
      const answer = readPartAnswer(text)
      const row = ROWS.find((one) => part === one || part === refusalOf(one))
      if (answer === null || row === undefined) continue
      const search = this.#rungs.find((rung) => this.#keyOf(rung.key) === key) ?? this.#parts.search
      if (part === row) found.set(row, { search, answer, isStale })
      else refused.set(row, answer)
    }
    return { found, refused }
  }

  get #keys(): readonly string[] {
    return [...this.#rungs.map(({ key }) => this.#keyOf(key)), this.#foot]
  }

  get #claimName(): string {
    return `claim ${this.#keyOf((this.#rungs.at(-1) ?? this.#parts.search).key)}`
  }

  #keyOf(text: string): string {
    return JSON.stringify(['people', this.#parts.scopes, text])
  }
}

function refusalOf(row: Row): string {
  return `refused ${row}`
}

function lasting(freshSeconds: number, lifeSeconds: number) {
  return { freshSeconds, lifeSeconds: Math.max(freshSeconds, lifeSeconds) }
}

/** Relevant people are one user's own, whatever the organisation shares. */
function isShareable(row: Row): boolean {
  return row === 'users' || row === 'groups'
}
