import { isGuid } from '../settings/issuer.ts'
import type { CacheKind, DirectoryAccess, Source } from './access.ts'
import type { SourceResults } from './graph-readers.ts'
import { type GraphSearch, searchGraph, unverified, verified } from './graph-search.ts'
import { matcherFor } from './matching.ts'
import type { CachedResult, CachedResults, SearchCache } from './search-cache.ts'
import { beginningsOf, type SearchText } from './search-text.ts'
import type { SourceResult } from './source-result.ts'

export interface CacheRequest {
  readonly search: SearchText
  readonly sources: readonly Source[]
  /** So many matches fill the list: then pages that were cut short will do. */
  readonly enough: number
}

export interface Answers {
  readonly answers: ReadonlyMap<Source, SourceResult>
  /** The parts that have to be asked. */
  readonly open: readonly Source[]
}

/**
 * What memory has to say to a text. A list that is full says nothing about who is not in it.
 * @param canConfirm without it a relevant person's directory id and the right kind must do
 */
export function readFromCache(
  { found, refused }: CachedResults,
  lookup: CacheRequest,
  canConfirm: boolean,
): Answers {
  const { search, sources, enough } = lookup
  const narrow = new Map<Source, SourceResult>()
  for (const part of sources) {
    const remembered = found.get(part)
    if (remembered !== undefined) narrow.set(part, narrowed(remembered, search))
  }
  const people = narrow.get('people')
  if (people !== undefined) {
    const users = narrow.get('users')
    const known = [...(users?.principals ?? []), ...(found.get('known')?.answer.principals ?? [])]
    const principals = canConfirm
      ? verified(people.principals, known)
      : people.principals.filter(({ id }) => isGuid(id))
    const isShort = principals.length < people.principals.length && users?.isComplete !== true
    const { status, retryAt } = (isShort ? refused.get('users') : undefined) ?? people
    narrow.set('people', { ...people, status, retryAt, principals })
  }
  const ids = [...narrow.values()].flatMap(({ principals }) => principals.map(({ id }) => id))
  const isFull = new Set(ids).size >= enough
  const answers = new Map<Source, SourceResult>()
  for (const part of sources) {
    const answer = narrow.get(part)
    const refusal = refused.get(part)
    if (answer !== undefined && (answer.isComplete || isFull)) answers.set(part, answer)
    // Less than there is, and the status says so.
    else if (refusal !== undefined) {
      answers.set(part, { ...refusal, principals: answer?.principals ?? [] })
    }
  }
  return { answers, open: sources.filter((part) => !answers.has(part)) }
}

/** As memory will be when what was just found has been added to it. */
export function withFound(
  { found, refused }: CachedResults,
  rows: SourceResults,
  search: SearchText,
): CachedResults {
  const later = { found: new Map(found), refused: new Map(refused) }
  // Asked for anew; without an answer nobody is known.
  if (found.get('known')?.isStale === true) later.found.delete('known')
  for (const [row, answer] of rows) {
    if (answer.status === 'ok') later.found.set(row, { search, answer, isStale: false })
    else later.refused.set(row, answer)
  }
  return later
}

/** An answer to a beginning holds the answers to what is typed on to it. */
function narrowed({ search: asked, answer }: CachedResult, search: SearchText): SourceResult {
  if (asked.key === search.key) return { ...answer, isComplete: true }
  const qualityOf = matcherFor(search)
  return { ...answer, principals: answer.principals.filter((one) => qualityOf(one) > 0) }
}

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
