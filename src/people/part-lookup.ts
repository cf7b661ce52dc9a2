import type { Graph, GraphTokens } from '../graph/graph.ts'
import { unconfirmed } from './confirmation.ts'
import type { RequestScope } from './directory-requests.ts'
import { searchDirectory, type DirectorySearch, type Rows } from './directory-search.ts'
import type { LookupMemory, Memories } from './lookup-memory.ts'
import type { Part, Row } from './permissions.ts'
import { answersFrom, withFound, type Answers, type Lookup } from './remembered-answers.ts'
import type { SearchText } from './search-text.ts'

export interface PartLookupParts {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly scope: RequestScope
  readonly canConfirm: boolean
  memoryOf(search: SearchText): LookupMemory
  /** Keeps work going when the response is out, or the one who typed has typed on. */
  waitUntil(work: Promise<unknown>): void
}

/** Rounds of waiting for others before a search asks by itself, come what may. */
const MOST_WAITS = 4
/** Graph looks up a thousand by their ids; nobody deals with so many. */
const MOST_KNOWN = 500

/** Finds parts: in memory, in what memory holds of a beginning of the text, or at Graph. */
export class PartLookup {
  readonly #parts: PartLookupParts

  constructor(parts: PartLookupParts) {
    this.#parts = parts
  }

  async find(lookup: Lookup): Promise<Answers['answers']> {
    const memory = this.#parts.memoryOf(lookup.search)
    if (memory.isOff) return this.#ask(memory, NO_MEMORIES, lookup)
    const memories = await memory.read(lookup.parts)
    const { answers, open } = this.#answersFrom(memories, lookup)
    if (open.length > 0) return this.#findAtGraph(memory, lookup)
    this.#refresh(memories, lookup)
    return answers
  }

  async #findAtGraph(memory: LookupMemory, lookup: Lookup): Promise<Answers['answers']> {
    for (let waits = 0; ; waits++) {
      const claim = await memory.claim(lookup.parts)
      const { answers, open } = this.#answersFrom(claim, lookup)
      if (open.length === 0) {
        if (claim.isGranted) this.#parts.waitUntil(memory.settle(new Map(), false))
        return answers
      }
      if (!claim.isGranted && waits < MOST_WAITS) continue
      const asking = this.#ask(memory, claim, lookup)
      // Whoever types on leaves this request; what it finds still answers the next.
      this.#parts.waitUntil(asking.catch(() => undefined))
      return asking
    }
  }

  /** Asks for what is open, and for what was cut short: when the road is taken, it is taken once. */
  async #ask(
    memory: LookupMemory,
    memories: Memories,
    lookup: Lookup,
  ): Promise<Answers['answers']> {
    const { search, parts } = lookup
    const { answers, open } = this.#answersFrom(memories, lookup)
    const asked = parts.filter(
      (part) =>
        open.includes(part) ||
        (memories.found.get(part)?.answer.isComplete === false && !memories.refused.has(part)),
    )
    const rows = await this.#search(memory, memories, {
      search,
      parts: asked,
      answers,
      isBackground: false,
      isWhole: asked.length === parts.length,
    })
    return this.#answersFrom(withFound(memories, rows, search), lookup).answers
  }

  /** What was shown although it is old is asked for again, for the next who types it. */
  #refresh({ found }: Memories, { parts }: Lookup): void {
    const stale = parts.filter((part) => found.get(part)?.isStale === true)
    for (const [search, old] of Map.groupBy(stale, (part) => found.get(part)?.search)) {
      if (search === undefined) continue
      this.#parts.waitUntil(this.#askAgain(search, old).catch(() => undefined))
    }
  }

  #answersFrom(memories: Memories, lookup: Lookup): Answers {
    return answersFrom(memories, lookup, this.#parts.canConfirm)
  }

  async #askAgain(search: SearchText, parts: readonly Part[]): Promise<void> {
    const memory = this.#parts.memoryOf(search)
    const { isGranted, ...memories } = await memory.claim(parts)
    if (!isGranted) return
    const old = parts.filter((part) => memories.found.get(part)?.isStale === true)
    if (old.length === 0) return memory.settle(new Map(), false)
    const asked = { search, parts: old, answers: new Map(), isBackground: true, isWhole: false }
    await this.#search(memory, memories, asked)
  }

  async #search(
    memory: LookupMemory,
    { found }: Memories,
    asked: Pick<DirectorySearch, 'search' | 'parts' | 'answers' | 'isBackground'> & {
      readonly isWhole: boolean
    },
  ): Promise<Rows> {
    const { graph, tokens, canConfirm, scope, waitUntil } = this.#parts
    const confirms = !canConfirm ? 'never' : memory.isOff ? 'now' : 'later'
    let rows: Rows = new Map()
    try {
      rows = await searchDirectory(graph, tokens, { ...asked, ...peopleIn(found), confirms, scope })
    } finally {
      // Also when it failed: others wait for it.
      if (!memory.isOff) waitUntil(memory.settle(rows, asked.isWhole))
    }
    return rows
  }
}

const NO_MEMORIES: Memories = { found: new Map(), refused: new Map() }

/** Whom to look up along with a search, since it goes to Graph anyway. */
function peopleIn(
  found: Memories['found'],
): Pick<DirectorySearch, 'people' | 'wantsAcquaintances'> {
  const principalsOf = (row: Row) => found.get(row)?.answer.principals ?? []
  const known = principalsOf('known')
  // With all users who match at hand, whoever is not among them has left.
  const open = found.get('users')?.answer.isComplete === true ? [] : principalsOf('people')
  // Users who are open are asked for anew, and may be others this time.
  const missing = unconfirmed([...open, ...principalsOf('acquaintances')], known)
  const isStale = found.get('known')?.isStale === true
  return {
    // All of them, so that none is taken for known on the strength of another's being looked up.
    people: missing.length > 0 || isStale ? [...known, ...missing].slice(0, MOST_KNOWN) : [],
    // Where users' pages are cut short, it takes more than those to tell who is in the directory.
    wantsAcquaintances: missing.length > 0 && !found.has('acquaintances'),
  }
}
