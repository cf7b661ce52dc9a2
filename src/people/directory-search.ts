import {
  callBatch,
  type BatchAnswer,
  type BatchAnswers,
  type BatchRequest,
} from '../graph/batch.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import {
  readGroups,
  readRelevantPeople,
  readUsers,
  type Collection,
  type RelevantPerson,
} from './directory-readers.ts'
import { matcherFor } from './matching.ts'
import {
  confirmationRequests,
  prefixRequest,
  requestIdsOf,
  requestsFor,
  type RequestScope,
} from './directory-requests.ts'
import { failedAnswer, NOTHING, refusedAnswer, type PartAnswer } from './part-answer.ts'
import type { Part } from './permissions.ts'
import type { Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

export interface DirectorySearch {
  readonly search: SearchText
  /** The parts to ask, and whether for a wide page. */
  readonly parts: ReadonlyMap<Part, { readonly isWide: boolean }>
  /** What is remembered of users: people found among them need no confirmation. */
  readonly knownUsers: PartAnswer | null
  /** Whether the token may read users; without that nobody can be confirmed. */
  readonly canConfirm: boolean
  readonly scope: RequestScope
  readonly isBackground: boolean
}

/** What each request brought, by its name. */
type Replies = Map<string, PartAnswer>

/** Nobody who types waits longer. */
const DEADLINE_MS = 6_000
const LISTS = ['users', 'groups'] as const

/**
 * Asks Graph, in one round trip as a rule. A second one follows when something is left open: relevant people
 * whom too small a page of users did not confirm, or a `$search` that was not taken. It then also widens the
 * pages that were too small, so that typing on needs no third.
 */
export async function searchDirectory(
  graph: Graph,
  tokens: GraphTokens,
  asked: DirectorySearch,
): Promise<ReadonlyMap<Part, PartAnswer>> {
  const { search, scope, parts, isBackground } = asked
  const call = (requests: readonly BatchRequest[]) =>
    callBatch(graph, tokens, requests, { deadlineMs: DEADLINE_MS, isBackground })
  const wide = { ...scope, isWide: true }
  const first = await call(
    [...parts].flatMap(([part, { isWide }]) => requestsFor(part, search, { ...scope, isWide })),
  )
  const replies = repliesIn(first)
  const people = peopleIn(first)
  const qualityOf = matcherFor(search)
  const known = usersKnown(replies, asked)
  const matching = people.items.filter(({ principal }) => qualityOf(principal) > 0)
  // What Graph merely guesses at (by sound, by a slip of the finger) is for when nobody matches.
  const isGuess = matching.length === 0 && !known.principals.some((user) => qualityOf(user) > 0)
  const candidates = isGuess ? people.items : matching
  // All users who match are known: whoever matches and is not among them has left.
  const isSettled = !asked.canConfirm || (known.isComplete && !isGuess)
  const unconfirmed = isSettled
    ? []
    : candidates.filter((person) => userAmong(known.principals, person) === null)
  const confirmations = confirmationRequests(unconfirmed, scope)
  const untaken = LISTS.filter((part) => isUntaken(first, part))
  if (confirmations.length > 0 || untaken.length > 0) {
    const tooSmall = LISTS.filter((part) => parts.has(part) && isTooSmall(replies, part))
    const second = await call([
      ...confirmations,
      ...untaken.map((part) => prefixRequest(part, search, wide)),
      ...tooSmall.flatMap((part) => requestsFor(part, search, wide)),
    ])
    for (const part of untaken) replies.delete(requestIdsOf(part)[0])
    for (const [id, reply] of repliesIn(second)) {
      if (reply.status === 'ok' || !replies.has(id)) replies.set(id, reply)
    }
  }
  const confirmed = confirmations.flatMap(({ id }) => replies.get(id) ?? [])
  const users = [...known.principals, ...confirmed.flatMap(({ principals }) => principals)]
  return new Map(
    [...parts.keys()].map((part) => {
      if (part !== 'people') return [part, answerOf(replies, part)]
      const bad = [...repliesTo(replies, [part]), ...confirmed].find(
        ({ status }) => status !== 'ok',
      )
      const principals = inDirectory(candidates, { users, trusts: !asked.canConfirm })
      return [part, { ...(bad ?? NOTHING), principals, isComplete: people.isComplete }]
    }),
  )
}

function usersKnown(replies: Replies, { parts, knownUsers }: DirectorySearch): PartAnswer {
  const page = answerOf(replies, 'users')
  const isWhole = parts.has('users') && page.status === 'ok' && page.isComplete
  return {
    ...NOTHING,
    principals: [...(knownUsers?.principals ?? []), ...page.principals],
    isComplete: isWhole || knownUsers?.isComplete === true,
  }
}

function repliesIn(answers: BatchAnswers): Replies {
  return new Map([...answers].map(([id, answer]) => [id, replyOf(id, answer)]))
}

function replyOf(id: string, answer: BatchAnswer): PartAnswer {
  if (!answer.ok) return refusedAnswer(id === 'people' ? 'people' : 'users', answer.error)
  if (id === 'people') return readRelevantPeople(answer.body) === null ? failedAnswer() : NOTHING
  const page = requestIdsOf('groups').includes(id)
    ? readGroups(answer.body)
    : readUsers(answer.body)
  if (page === null) return failedAnswer()
  return { ...NOTHING, principals: [...page.items], isComplete: page.isComplete }
}

function peopleIn(answers: BatchAnswers): Collection<RelevantPerson> {
  const answer = answers.get('people')
  const page = answer?.ok === true ? readRelevantPeople(answer.body) : null
  return page ?? { items: [], isComplete: true }
}

function repliesTo(replies: Replies, ids: readonly string[]): readonly PartAnswer[] {
  return ids.flatMap((id) => replies.get(id) ?? [])
}

/** A part's requests put together: each found once, complete when all are, as bad as the worst. */
function answerOf(replies: Replies, part: 'users' | 'groups'): PartAnswer {
  const own = repliesTo(replies, requestIdsOf(part))
  const principals = new Map(
    own.flatMap((reply) => reply.principals).map((principal) => [principal.id, principal]),
  )
  const bad = own.find(({ status }) => status !== 'ok')
  const isComplete = own.every((reply) => reply.isComplete)
  return { ...(bad ?? NOTHING), principals: [...principals.values()], isComplete }
}

interface Confirmed {
  readonly users: readonly Principal[]
  /** Nobody can be looked up: a directory id and the right kind must do. */
  readonly trusts: boolean
}

/** In Graph's order, each as the directory has them. Who is not in it (any more) is left out. */
function inDirectory(people: readonly RelevantPerson[], { users, trusts }: Confirmed): Principal[] {
  return people.flatMap((person) => {
    const user = userAmong(users, person)
    if (user !== null) return [{ ...user, description: user.description ?? person.description }]
    return trusts && person.id !== null ? [{ ...person.principal, id: person.id }] : []
  })
}

function userAmong(users: readonly Principal[], person: RelevantPerson): Principal | null {
  const found = users.find(({ id, username }) =>
    person.id === null ? username?.toLowerCase() === person.username : id === person.id,
  )
  return found ?? null
}

/** A query Graph cannot read is a defect of one of us; the search goes on without `$search`. */
function isUntaken(answers: BatchAnswers, part: 'users' | 'groups'): boolean {
  const answer = answers.get(requestIdsOf(part)[0])
  return answer?.ok === false && answer.error.status === 400
}

function isTooSmall(replies: Replies, part: 'users' | 'groups'): boolean {
  const { status, isComplete } = answerOf(replies, part)
  return status === 'ok' && !isComplete
}
