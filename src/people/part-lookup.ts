import { unconfirmed } from './confirmation.ts'
import type { Rows } from './directory-rows.ts'
import { searchDirectory, type DirectorySearch } from './directory-search.ts'
import type { LookupMemory, Memories } from './lookup-memory.ts'
import type { DirectoryAccess } from './people-access.ts'
import type { Part, Row } from './permissions.ts'
import { answersFrom, withFound, type Answers, type Lookup } from './remembered-answers.ts'
import { beginningsOf, type SearchText } from './search-text.ts'

export interface PartLookupParts extends Pick<DirectoryAccess, 'graph' | 'tokens'> {
  readonly scope: DirectorySearch['scope']
  readonly canConfirm: boolean
  memoryOf(search: SearchText): LookupMemory
  /** Keeps work going when the response is out, or the one who typed has typed on. */
  waitUntil(work: Promise<unknown>): void
}

/** A memory, and what it held when Graph was to be asked. */
interface Asking extends PartLookupParts {
  readonly memory: LookupMemory
  readonly memories: Memories
}

/** Rounds of waiting for others before a search asks by itself, come what may. */
const MOST_WAITS = 4
/** Graph looks up a thousand by their ids; nobody deals with so many. */
const MOST_KNOWN = 500
const NO_MEMORIES: Memories = { found: new Map(), refused: new Map() }

/** Finds parts: in memory, in what memory holds of a beginning of the text, or at Graph. */
export async function findParts(
  parts: PartLookupParts,
  lookup: Lookup,
): Promise<Answers['answers']> {
  const { canConfirm, waitUntil } = parts
  const memory = parts.memoryOf(lookup.search)
  if (memory.isOff) return ask({ ...parts, memory, memories: NO_MEMORIES }, lookup)
  const memories = await memory.read(lookup.parts)
  const known = answersFrom(memories, lookup, canConfirm)
  if (known.open.length === 0) {
    refresh(parts, memories, lookup)
    return known.answers
  }
  for (let waits = 0; ; waits++) {
    const claim = await memory.claim(lookup.parts)
    const { answers, open } = answersFrom(claim, lookup, canConfirm)
    if (open.length === 0) {
      if (claim.isGranted) waitUntil(memory.settle(new Map()))
      return answers
    }
    const isLast = waits === MOST_WAITS
    if (!claim.isGranted && !isLast) continue
    // The letters of a name that waited go on in any order: whichever is first asks for what answers them all.
    const first = waits === 0 || isLast ? lookup : shortestOpen(claim, lookup, canConfirm)
    const asking = ask({ ...parts, memory: parts.memoryOf(first.search), memories: claim }, first)
    // Whoever types on leaves this request; what it finds still answers the next.
    waitUntil(asking.catch(() => undefined))
    if (first === lookup) return asking
    await asking
  }
}

/** The first beginning of what is typed that memory has no answer to. */
function shortestOpen(memories: Memories, lookup: Lookup, canConfirm: boolean): Lookup {
  const beginnings = beginningsOf(lookup.search).toReversed()
  const lookups = beginnings.map((search) => ({ ...lookup, search }))
  const isOpen = (one: Lookup) => answersFrom(memories, one, canConfirm).open.length > 0
  return lookups.find(isOpen) ?? lookup
}

/** Asks for what is open, and for what was cut short: when the road is taken, it is taken once. */
async function ask(asking: Asking, lookup: Lookup): Promise<Answers['answers']> {
  const { memories, canConfirm } = asking
  const { search } = lookup
  const { answers, open } = answersFrom(memories, lookup, canConfirm)
  const asked = lookup.parts.filter(
    (part) =>
      open.includes(part) ||
      (memories.found.get(part)?.answer.isComplete === false && !memories.refused.has(part)),
  )
  const rows = await searchGraph(asking, { search, parts: asked, answers, isBackground: false })
  return answersFrom(withFound(memories, rows, search), lookup, canConfirm).answers
}

/** What was shown although it is old is asked for again, for the next who types it. */
function refresh(parts: PartLookupParts, memories: Memories, lookup: Lookup): void {
  const stale = staleAmong(lookup.parts, memories)
  for (const [search, old] of Map.groupBy(stale, (part) => memories.found.get(part)?.search)) {
    if (search === undefined) continue
    parts.waitUntil(askAgain(parts, search, old).catch(() => undefined))
  }
}

async function askAgain(
  parts: PartLookupParts,
  search: SearchText,
  asked: readonly Part[],
): Promise<void> {
  const memory = parts.memoryOf(search)
  const memories = await memory.claim(asked)
  if (!memories.isGranted) return
  const old = staleAmong(asked, memories)
  if (old.length === 0) return memory.settle(new Map())
  const again = { search, parts: old, answers: new Map(), isBackground: true }
  await searchGraph({ ...parts, memory, memories }, again)
}

function staleAmong(parts: readonly Part[], { found }: Memories): readonly Part[] {
  return parts.filter((part) => found.get(part)?.isStale === true)
}

async function searchGraph(
  { graph, tokens, canConfirm, scope, waitUntil, memory, memories }: Asking,
  asked: Pick<DirectorySearch, 'search' | 'parts' | 'answers' | 'isBackground'>,
): Promise<Rows> {
  const confirms = !canConfirm ? 'never' : memory.isOff ? 'now' : 'later'
  let rows: Rows = new Map()
  try {
    const people = peopleIn(memories.found)
    rows = await searchDirectory(graph, tokens, { ...asked, ...people, confirms, scope })
  } finally {
    // Also when it failed: others wait for it.
    if (!memory.isOff) waitUntil(memory.settle(rows))
  }
  return rows
}

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
