import { EntradaFailure } from '../failure.ts'
import { type BatchAnswer, type BatchRequest, callBatch } from '../graph/batch.ts'
import { NO_RESPONSE } from '../graph/graph-error.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import { isGuid } from '../settings/issuer.ts'
import type { CacheKind, Source } from './access.ts'
import {
  frequentContactsRequest,
  prefixRequest,
  type RequestScope,
  requestsFor,
  verificationRequests,
} from './graph-queries.ts'
import { combine, resultsOf, type SourceResults } from './graph-readers.ts'
import { matcherFor } from './matching.ts'
import type { Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'
import { EMPTY_RESULT, type SourceResult } from './source-result.ts'

/** Those of whom it is not known yet whether the directory has them. */
export function unverified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.filter((person) => find(person) === undefined)
}

/** In Graph's order, each as the directory has them. Who is not in it (any more) is left out. */
export function verified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.flatMap((person) => {
    const user = find(person)
    return user === undefined
      ? []
      : [{ ...user, description: user.description ?? person.description }]
  })
}

/** By object id, or by principal name where Graph names a mailbox instead. */
function finderIn(users: readonly Principal[]): (person: Principal) => Principal | undefined {
  const nameOf = ({ username }: Principal) => (username ?? '').toLowerCase()
  const found = new Map(
    users.flatMap((user) => [
      [user.id, user],
      [nameOf(user), user],
    ]),
  )
  return (person) => found.get(isGuid(person.id) ? person.id : nameOf(person))
}

export interface GraphSearch {
  readonly search: SearchText
  readonly sources: readonly Source[]
  /** What is known of the parts that are not asked. */
  readonly answers: ReadonlyMap<Source, SourceResult>
  /** Relevant people of earlier searches, to be looked up in passing. */
  readonly people: readonly Principal[]
  readonly wantsAcquaintances: boolean
  /** Whether relevant people are looked up: never, right away, or with the next request where that may do. */
  readonly confirms: 'never' | 'now' | 'later'
  readonly scope: RequestScope
  readonly isBackground: boolean
}

/** Nobody who types waits longer. */
const DEADLINE_MS = 6_000
/** Not a reason to fail the whole search: the parts say it. */
const SILENT: ReadonlySet<string> = new Set([
  ...['graph_unavailable', 'graph_unexpected', 'sign_in_unavailable', 'registration_rejected'],
])
const LISTS = ['users', 'groups'] as const

/**
 * Asks Graph, in one round trip as a rule. A second one follows when a `$search` was not taken, or when
 * relevant people are still to be looked up and nothing else is open, so that typing on needs no third. Where
 * users are open, people wait for the round trip that asks for those.
 * @throws EntradaFailure what only the user can do something about
 */
export async function searchGraph(
  graph: Graph,
  tokens: GraphTokens,
  asked: GraphSearch,
): Promise<SourceResults> {
  const { search, scope, sources, isBackground } = asked
  const ask = async (requests: readonly BatchRequest[]): Promise<Map<string, BatchAnswer>> => {
    try {
      const options = { deadlineMs: DEADLINE_MS, isBackground }
      return new Map(await callBatch(graph, tokens, requests, options))
    } catch (cause) {
      if (!(cause instanceof EntradaFailure) || !SILENT.has(cause.code)) throw cause
      return new Map(requests.map(({ id }) => [id, { ok: false, error: NO_RESPONSE }]))
    }
  }
  const first = await ask([
    ...sources.flatMap((part) => requestsFor(part, search, scope)),
    ...(asked.wantsAcquaintances ? [frequentContactsRequest(scope)] : []),
    ...verificationRequests(asked.people, scope),
  ])
  // A query Graph cannot read is a defect of one of us; the search goes on without `$search`.
  const untaken = LISTS.filter((part) => isUntaken(first.get(part)))
  for (const part of untaken) first.delete(part)
  const rows = resultsOf(first)
  for (const part of sources) if (!rows.has(part)) rows.set(part, EMPTY_RESULT)
  const further = [
    ...untaken.map((part) => prefixRequest(part, search, scope)),
    ...verificationRequests(peopleToConfirm(rows, asked), scope),
  ]
  if (further.length === 0) return rows
  const second = resultsOf(await ask(further))
  for (const [row, answer] of second) rows.set(row, combine(rows.get(row), answer))
  const known = second.get('known')
  const people = rows.get('people')
  if (known === undefined || people === undefined) return rows
  const users = [...known.principals, ...(rows.get('users')?.principals ?? [])]
  // Whoever could not be looked up has not been found, and must not look like nobody.
  const isLost = known.status !== 'ok'
  return rows.set(
    'people',
    isLost ? known : { ...people, principals: verified(people.principals, users) },
  )
}

/** Takes out of `rows` whom Graph merely guesses at, by sound or by a slip of the finger, while anybody matches. */
function peopleToConfirm(
  rows: Map<CacheKind, SourceResult>,
  { search, answers, confirms }: GraphSearch,
): readonly Principal[] {
  const people = rows.get('people')
  if (people === undefined) return []
  const qualityOf = matcherFor(search)
  const { principals: users, status } = rows.get('users') ?? answers.get('users') ?? EMPTY_RESULT
  const matching = people.principals.filter((person) => qualityOf(person) > 0)
  const isGuess = matching.length === 0 && !users.some((user) => qualityOf(user) > 0)
  const principals = isGuess ? people.principals : matching
  rows.set('people', { ...people, principals })
  const isOpen = LISTS.some((part) => isCutShort(rows.get(part)))
  // With all users who match at hand, whoever matches and is not among them has left.
  const isSettled = status === 'ok' && !isCutShort(rows.get('users')) && !isGuess
  if (confirms === 'never' || isSettled || (confirms === 'later' && isOpen)) return []
  return unverified(principals, users)
}

function isCutShort(answer: SourceResult | undefined): boolean {
  return answer?.status === 'ok' && !answer.isComplete
}

function isUntaken(answer: BatchAnswer | undefined): boolean {
  return answer?.ok === false && answer.error.status === 400
}
