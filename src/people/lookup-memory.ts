import type { Lookup, NewLookup, OwnedLookups } from '../stores/lookup-cache.ts'
import { readPartAnswer, type PartAnswer } from './part-answer.ts'
import { PARTS, type Part } from './permissions.ts'
import { beginningsOf, type SearchText } from './search-text.ts'

/** What is remembered of one part. */
export interface Remembered {
  /** The text it was asked with: what is searched for now, or a beginning of it. */
  readonly search: SearchText
  readonly answer: PartAnswer
  readonly isStale: boolean
}

/** For each part what was found, and for each what it last refused with. */
export interface Memories {
  readonly found: ReadonlyMap<Part, Remembered>
  readonly refused: ReadonlyMap<Part, PartAnswer>
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

/**
 * What has been looked up before, by text and by its beginnings. Refusals lie at the foot of the ladder:
 * they hold for every text.
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
      this.#parts.own.read(this.#keys, [...parts, ...parts.map(refusalPart)]),
      this.#readShared(parts),
    ])
    return this.#memories([...shared, ...own])
  }

  /** Reads again, and asks for leave to ask Graph. Texts that begin alike wait for each other. */
  async claim(parts: readonly Part[]): Promise<Memories & { readonly isGranted: boolean }> {
    const { isGranted, lookups } = await this.#parts.own.claim(this.#claimName, {
      holdSeconds: HOLD_SECONDS,
      keys: this.#keys,
      parts: [...parts, ...parts.map(refusalPart)],
    })
    return { isGranted, ...this.#memories([...(await this.#readShared(parts)), ...lookups]) }
  }

  /**
   * Remembers what a claim has led to, and ends it.
   * @param isWhole every part was asked: if all are empty, nobody at all was found
   */
  async settle(answers: ReadonlyMap<Part, PartAnswer>, isWhole: boolean): Promise<void> {
    const nobody =
      isWhole && [...answers.values()].every(({ principals }) => principals.length === 0)
    const { own, shared } = this.#parts
    const toOwn: NewLookup[] = []
    const toShared: NewLookup[] = []
    for (const [part, answer] of answers) {
      if (answer.status !== 'ok') toOwn.push(this.#refusalOf(part, answer))
      else {
        const list = shared !== null && isShareable(part) ? toShared : toOwn
        list.push(this.#lookupOf(part, answer, nobody))
      }
    }
    if (shared !== null && toShared.length > 0) await shared.settle(null, toShared)
    await own.settle(this.#claimName, toOwn)
  }

  #lookupOf(part: Part, answer: PartAnswer, nobody: boolean): NewLookup {
    const { freshSeconds, search } = this.#parts
    const fresh = nobody ? Math.min(NOBODY_SECONDS, freshSeconds) : freshSeconds
    // Shown once more while it is asked for anew, and no longer than that.
    const life = nobody ? fresh : fresh * 2
    const text = JSON.stringify(answer)
    return { key: this.#keyOf(search.key), part, text, freshSeconds: fresh, lifeSeconds: life }
  }

  #refusalOf(part: Part, answer: PartAnswer): NewLookup {
    const left = (answer.retryAt ?? 0) - Date.now() / 1000
    const seconds = Math.min(LONGEST_REFUSAL_SECONDS, Math.max(1, left))
    const text = JSON.stringify({ ...answer, principals: [] })
    const life = { freshSeconds: seconds, lifeSeconds: seconds }
    return { key: this.#foot, part: refusalPart(part), text, ...life }
  }

  async #readShared(parts: readonly Part[]): Promise<readonly Lookup[]> {
    const wanted = parts.filter(isShareable)
    const { shared } = this.#parts
    return shared === null || wanted.length === 0 ? [] : shared.read(this.#keys, wanted)
  }

  #memories(lookups: readonly Lookup[]): Memories {
    const found = new Map<Part, Remembered>()
    const refused = new Map<Part, PartAnswer>()
    for (const { key, part, text, isStale } of lookups) {
      const answer = readPartAnswer(text)
      const search = this.#rungs.find((rung) => this.#keyOf(rung.key) === key)
      const isFound = PARTS.find((one) => one === part)
      const isRefused = PARTS.find((one) => refusalPart(one) === part)
      if (answer === null) continue
      if (search !== undefined && isFound !== undefined) {
        found.set(isFound, { search, answer, isStale })
      } else if (isRefused !== undefined) refused.set(isRefused, answer)
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

function refusalPart(part: Part): string {
  return `refused ${part}`
}

/** Relevant people are one user's own, whatever the organisation shares. */
function isShareable(part: Part): boolean {
  return part !== 'people'
}
