import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import { searchDirectory, type DirectorySearch } from './directory-search.ts'
import type { RequestScope } from './directory-requests.ts'
import type { LookupMemory, Memories, Remembered } from './lookup-memory.ts'
import { matcherFor } from './matching.ts'
import { failedAnswer, type PartAnswer } from './part-answer.ts'
import type { Part } from './permissions.ts'
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

export interface Lookup {
  readonly search: SearchText
  readonly parts: readonly Part[]
  /** So many matches fill the list: then a page that was cut short will do. */
  readonly enough: number
}

type Answers = ReadonlyMap<Part, PartAnswer>

/** Rounds of waiting for others before a search asks by itself, come what may. */
const MOST_WAITS = 4
/** Not a reason to fail the whole search: the parts say it. */
const SILENT: ReadonlySet<string> = new Set([
  ...['graph_unavailable', 'graph_unexpected', 'sign_in_unavailable', 'registration_rejected'],
])

/** Finds parts: in memory, in what memory holds of a beginning of the text, or at Graph. */
export class PartLookup {
  readonly #parts: PartLookupParts

  constructor(parts: PartLookupParts) {
    this.#parts = parts
  }

  async find(lookup: Lookup): Promise<Answers> {
    const memory = this.#parts.memoryOf(lookup.search)
    if (memory.isOff) return this.#ask(memory, NO_MEMORIES, lookup)
    const memories = await memory.read(lookup.parts)
    const known = usable(memories, lookup)
    if (known.size < lookup.parts.length) return this.#findAtGraph(memory, lookup)
    this.#refresh(memories, lookup)
    return known
  }

  async #findAtGraph(memory: LookupMemory, lookup: Lookup): Promise<Answers> {
    for (let waits = 0; ; waits++) {
      const claim = await memory.claim(lookup.parts)
      const known = usable(claim, lookup)
      if (known.size === lookup.parts.length) {
        if (claim.isGranted) this.#parts.waitUntil(memory.settle(new Map(), false))
        return known
      }
      if (!claim.isGranted && waits < MOST_WAITS) continue
      const asking = this.#ask(memory, claim, lookup)
      // Whoever types on leaves this request; what it finds still answers the next.
      this.#parts.waitUntil(asking.catch(() => undefined))
      const asked = await asking
      return new Map([
        ...known,
        ...[...asked].filter(([part, answer]) => answer.status === 'ok' || !known.has(part)),
      ])
    }
  }

  /** Asks for what is open, and for what was cut short: when the road is taken, it is taken once. */
  #ask(
    memory: LookupMemory,
    memories: Memories,
    { search, parts, enough }: Lookup,
  ): Promise<Answers> {
    const known = usable(memories, { search, parts, enough })
    const asked = parts.filter(
      (part) => !known.has(part) || memories.found.get(part)?.answer.isComplete === false,
    )
    return this.#search(memory, {
      search,
      parts: new Map(asked.map((part) => [part, { isWide: memories.found.has(part) }])),
      knownUsers: memories.found.get('users')?.answer ?? null,
      isBackground: false,
      isWhole: asked.length === parts.length,
    })
  }

  /** What was shown although it is old is asked for again, for the next who types it. */
  #refresh({ found }: Memories, { parts }: Lookup): void {
    const stale = parts.flatMap((part) => {
      const remembered = found.get(part)
      return remembered?.isStale === true ? [{ part, search: remembered.search }] : []
    })
    const searches = new Map(stale.map(({ search }) => [search.key, search]))
    for (const search of searches.values()) {
      const own = stale.flatMap((one) => (one.search.key === search.key ? [one.part] : []))
      this.#parts.waitUntil(this.#askAgain(search, own).catch(() => undefined))
    }
  }

  async #askAgain(search: SearchText, parts: readonly Part[]): Promise<void> {
    const memory = this.#parts.memoryOf(search)
    const { isGranted, found } = await memory.claim(parts)
    if (!isGranted) return
    const old = parts.flatMap((part) => {
      const remembered = found.get(part)
      if (remembered?.isStale !== true) return []
      return [[part, { isWide: !remembered.answer.isComplete }] as const]
    })
    if (old.length === 0) return memory.settle(new Map(), false)
    await this.#search(memory, {
      search,
      parts: new Map(old),
      knownUsers: null,
      isBackground: true,
      isWhole: false,
    })
  }

  async #search(
    memory: LookupMemory,
    asked: Omit<DirectorySearch, 'canConfirm' | 'scope'> & { readonly isWhole: boolean },
  ): Promise<Answers> {
    const { graph, tokens, canConfirm, scope, waitUntil } = this.#parts
    let answers: Answers = new Map()
    try {
      answers = await searchDirectory(graph, tokens, { ...asked, canConfirm, scope })
    } catch (cause) {
      if (!(cause instanceof EntradaFailure) || !SILENT.has(cause.code)) throw cause
      answers = new Map([...asked.parts.keys()].map((part) => [part, failedAnswer()]))
    } finally {
      // Also when it failed: others wait for it.
      if (!memory.isOff) waitUntil(memory.settle(answers, asked.isWhole))
    }
    return answers
  }
}

const NO_MEMORIES: Memories = { found: new Map(), refused: new Map() }

/** The parts that need not be asked. */
function usable({ found, refused }: Memories, { search, parts, enough }: Lookup): Answers {
  return new Map(
    parts.flatMap((part) => {
      const remembered = found.get(part)
      const answer = remembered === undefined ? null : narrowed(remembered, search)
      if (answer !== null && (answer.isComplete || answer.principals.length >= enough)) {
        return [[part, answer]]
      }
      const refusal = refused.get(part)
      if (refusal === undefined) return []
      // Less than there is, and the status says so.
      return [[part, { ...refusal, principals: answer?.principals ?? [] }]]
    }),
  )
}

/** An answer to a beginning holds the answers to what is typed on to it. */
function narrowed({ search: asked, answer }: Remembered, search: SearchText): PartAnswer {
  if (asked.key === search.key) return { ...answer, isComplete: true }
  const qualityOf = matcherFor(search)
  return { ...answer, principals: answer.principals.filter((one) => qualityOf(one) > 0) }
}
