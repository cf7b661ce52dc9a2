import type { Lookup, NewLookup, OwnedLookups } from '../stores/lookup-cache.ts'
import type { Rows } from './directory-rows.ts'
import { newLookups, refusalOf } from './new-lookups.ts'
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

/** Longer than a search may take, so that nobody asks while it is under way. */
const HOLD_SECONDS = 14

export interface LookupMemory {
  /** The operator wants nothing kept. */
  readonly isOff: boolean
  read(parts: readonly Part[]): Promise<Memories>
  /** Reads again, and asks for leave to ask Graph. Texts that begin alike wait for each other. */
  claim(parts: readonly Part[]): Promise<Memories & { readonly isGranted: boolean }>
  /** Remembers what a claim has led to, and ends it. */
  settle(rows: Rows): Promise<void>
}

/**
 * What has been looked up before, by text and by its beginnings. What holds for every text lies at the foot
 * of the ladder: refusals, and whom the user deals with.
 */
export function lookupMemory(asked: LookupMemoryParts): LookupMemory {
  const { own, shared, scopes, search, freshSeconds } = asked
  const keyOf = (text: string) => JSON.stringify(['people', scopes, text])
  /** Longest first, the text itself in front. */
  const rungs = [search, ...beginningsOf(search)]
  const steps = rungs.map(({ key }) => keyOf(key))
  const foot = keyOf('')
  const keys = [...steps, foot]
  const claimName = `claim ${steps.at(-1)}`

  const readShared = async (parts: readonly Part[]) => {
    const wanted = parts.filter(isShareable)
    return shared === null || wanted.length === 0 ? [] : shared.read(keys, wanted)
  }

  const memoriesOf = (lookups: readonly Lookup[]): Memories => {
    const found = new Map<Row, Remembered>()
    const refused = new Map<Row, PartAnswer>()
    for (const { key, part, text, isStale } of lookups) {
      const answer = readPartAnswer(text)
      const row = ROWS.find((one) => part === one || part === refusalOf(one))
      if (answer === null || row === undefined) continue
      const rung = rungs[steps.indexOf(key)] ?? search
      if (part === row) found.set(row, { search: rung, answer, isStale })
      else refused.set(row, answer)
    }
    return { found, refused }
  }

  return {
    isOff: freshSeconds === 0,

    async read(parts) {
      const [mine, ours] = await Promise.all([
        own.read(keys, [...parts, 'known', ...parts.map(refusalOf)]),
        readShared(parts),
      ])
      return memoriesOf([...ours, ...mine])
    },

    async claim(parts) {
      const { isGranted, lookups } = await own.claim(claimName, {
        holdSeconds: HOLD_SECONDS,
        keys,
        parts: [...parts, 'known', 'acquaintances', ...parts.map(refusalOf)],
      })
      return { isGranted, ...memoriesOf([...(await readShared(parts)), ...lookups]) }
    },

    async settle(rows) {
      const isNobody = PARTS.every((part) => !rows.get(part)?.principals.length)
      const place = { key: keyOf(search.key), foot, freshSeconds, isNobody }
      const toOwn: NewLookup[] = []
      const toShared: NewLookup[] = []
      for (const [row, answer] of rows) {
        const isOurs = shared !== null && isShareable(row) && answer.status === 'ok'
        const list = isOurs ? toShared : toOwn
        list.push(...newLookups(row, answer, place))
      }
      if (toShared.length > 0) await shared?.settle(null, toShared)
      await own.settle(claimName, toOwn)
    },
  }
}

/** Relevant people are one user's own, whatever the organisation shares. */
function isShareable(row: Row): boolean {
  return row === 'users' || row === 'groups'
}
