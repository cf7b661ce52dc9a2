import { unverified } from './confirmation.ts'
import type { SourceResults } from './directory-rows.ts'
import { searchGraph, type GraphSearch } from './directory-search.ts'
import type { SearchCache, CachedResults } from './lookup-memory.ts'
import type { DirectoryAccess } from './people-access.ts'
import type { Source, CacheKind } from './permissions.ts'
import { readFromCache, withFound, type Answers, type CacheRequest } from './remembered-answers.ts'
import { beginningsOf, type SearchText } from './search-text.ts'

export interface CachedSearchDeps extends Pick<DirectoryAccess, 'graph' | 'tokens'> {
  readonly scope: GraphSearch['scope']
  readonly canConfirm: boolean
  memoryOf(search: SearchText): SearchCache
  /** Keeps work going when the response is out, or the one who typed has typed on. */
  waitUntil(work: Promise<unknown>): void
}

/** A memory, and what it held when Graph was to be asked. */
interface Asking extends CachedSearchDeps {
  readonly memory: SearchCache
  readonly memories: CachedResults
}

/** Rounds of waiting for others before a search asks by itself, come what may. */
const MOST_WAITS = 4
/** Graph looks up a thousand by their ids; nobody deals with so many. */
const MOST_KNOWN = 500
const NO_MEMORIES: CachedResults = { found: new Map(), refused: new Map() }

/** Finds parts: in memory, in what memory holds of a beginning of the text, or at Graph. */
export async function searchSources(
  deps: CachedSearchDeps,
  lookup: CacheRequest,
): Promise<Answers['answers']> {
  const { canConfirm, waitUntil } = deps
  const memory = deps.memoryOf(lookup.search)
  if (memory.isOff) return ask({ ...deps, memory, memories: NO_MEMORIES }, lookup)
  const memories = await memory.read(lookup.sources)
  const known = readFromCache(memories, lookup, canConfirm)
  if (known.open.length === 0) {
    refresh(deps, memories, lookup)
    return known.answers
  }
  for (let waits = 0; ; waits++) {
    const claim = await memory.claim(lookup.sources)
    const { answers, open } = readFromCache(claim, lookup, canConfirm)
    if (open.length === 0) {
      if (claim.isGranted) waitUntil(memory.settle(new Map()))
      return answers
    }
    const isLast = waits === MOST_WAITS
    if (!claim.isGranted && !isLast) continue
    // The letters of a name that waited go on in any order: whichever is first asks for what answers them all.
    const first = waits === 0 || isLast ? lookup : shortestOpen(claim, lookup, canConfirm)
    const asking = ask({ ...deps, memory: deps.memoryOf(first.search), memories: claim }, first)
    // Whoever types on leaves this request; what it finds still answers the next.
    waitUntil(asking.catch(() => undefined))
    if (first === lookup) return asking
    await asking
  }
}

/** The first beginning of what is typed that memory has no answer to. */
function shortestOpen(
  memories: CachedResults,
  lookup: CacheRequest,
  canConfirm: boolean,
): CacheRequest {
  const beginnings = beginningsOf(lookup.search).toReversed()
  const lookups = beginnings.map((search) => ({ ...lookup, search }))
  const isOpen = (one: CacheRequest) => readFromCache(memories, one, canConfirm).open.length > 0
  return lookups.find(isOpen) ?? lookup
}

/** Asks for what is open, and for what was cut short: when the road is taken, it is taken once. */
async function ask(asking: Asking, lookup: CacheRequest): Promise<Answers['answers']> {
  const { memories, canConfirm } = asking
  const { search } = lookup
  const { answers, open } = readFromCache(memories, lookup, canConfirm)
  const asked = lookup.sources.filter(
    (part) =>
      open.includes(part) ||
      (memories.found.get(part)?.answer.isComplete === false && !memories.refused.has(part)),
  )
  const rows = await fetchAndCache(asking, { search, sources: asked, answers, isBackground: false })
  return readFromCache(withFound(memories, rows, search), lookup, canConfirm).answers
}

/** What was shown although it is old is asked for again, for the next who types it. */
function refresh(deps: CachedSearchDeps, memories: CachedResults, lookup: CacheRequest): void {
  const stale = staleAmong(lookup.sources, memories)
  for (const [search, old] of Map.groupBy(stale, (part) => memories.found.get(part)?.search)) {
    if (search === undefined) continue
    deps.waitUntil(askAgain(deps, search, old).catch(() => undefined))
  }
}

async function askAgain(
  deps: CachedSearchDeps,
  search: SearchText,
  asked: readonly Source[],
): Promise<void> {
  const memory = deps.memoryOf(search)
  const memories = await memory.claim(asked)
  if (!memories.isGranted) return
  const old = staleAmong(asked, memories)
  if (old.length === 0) return memory.settle(new Map())
  const again = { search, sources: old, answers: new Map(), isBackground: true }
  await fetchAndCache({ ...deps, memory, memories }, again)
}

function staleAmong(sources: readonly Source[], { found }: CachedResults): readonly Source[] {
  return sources.filter((part) => found.get(part)?.isStale === true)
}

async function fetchAndCache(
  { graph, tokens, canConfirm, scope, waitUntil, memory, memories }: Asking,
  asked: Pick<GraphSearch, 'search' | 'sources' | 'answers' | 'isBackground'>,
): Promise<SourceResults> {
  const confirms = !canConfirm ? 'never' : memory.isOff ? 'now' : 'later'
  let rows: SourceResults = new Map()
  try {
    const people = peopleIn(memories.found)
    rows = await searchGraph(graph, tokens, { ...asked, ...people, confirms, scope })
  } finally {
    // Also when it failed: others wait for it.
    if (!memory.isOff) waitUntil(memory.settle(rows))
  }
  return rows
}

/** Whom to look up along with a search, since it goes to Graph anyway. */
function peopleIn(
  found: CachedResults['found'],
): Pick<GraphSearch, 'people' | 'wantsAcquaintances'> {
  const principalsOf = (row: CacheKind) => found.get(row)?.answer.principals ?? []
  const known = principalsOf('known')
  // With all users who match at hand, whoever is not among them has left.
  const open = found.get('users')?.answer.isComplete === true ? [] : principalsOf('people')
  // Users who are open are asked for anew, and may be others this time.
  const missing = unverified([...open, ...principalsOf('acquaintances')], known)
  const isStale = found.get('known')?.isStale === true
  return {
    // All of them, so that none is taken for known on the strength of another's being looked up.
    people: missing.length > 0 || isStale ? [...known, ...missing].slice(0, MOST_KNOWN) : [],
    // Where users' pages are cut short, it takes more than those to tell who is in the directory.
    wantsAcquaintances: missing.length > 0 && !found.has('acquaintances'),
  }
}
