import { EntradaFailure } from '../failure.ts'
import { type BatchAnswer, type BatchRequest, callBatch } from '../graph/batch.ts'
import { NO_RESPONSE } from '../graph/graph-error.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import {
  frequentContactsRequest,
  prefixRequest,
  type RequestScope,
  requestsFor,
  verificationRequests,
} from './graph-queries.ts'
import { combine, resultsOf } from './graph-readers.ts'
import { matcherFor } from './matching.ts'
import { type Principal, unverified, verified } from './principal.ts'
import type { SearchText } from './query.ts'
import {
  EMPTY_RESULT,
  type Source,
  type SourceResult,
  type SourceResults,
} from './source-result.ts'

/** One search at Graph. */
export interface GraphSearch {
  readonly search: SearchText
  /** The sources to ask. */
  readonly sources: readonly Source[]
  /** Cached answers of the other sources. */
  readonly answers: ReadonlyMap<Source, SourceResult>
  /** Cached relevant people to verify in the same round trip. */
  readonly people: readonly Principal[]
  readonly wantsFrequentContacts: boolean
  /** When relevant people of this search are verified: `later` is with the next request, where that may do. */
  readonly verifies: 'never' | 'now' | 'later'
  readonly scope: RequestScope
  /** No user waits for the results. */
  readonly isBackground: boolean
}

/** A user who types does not wait longer. */
const TIMEOUT_MS = 6_000
/** Failures that become the status of the sources. All others are thrown. */
const REPORTED_BY_STATUS: ReadonlySet<string> = new Set([
  ...['graph_unavailable', 'graph_unexpected', 'sign_in_unavailable', 'registration_rejected'],
])
const LISTS = ['users', 'groups'] as const

/**
 * Asks Graph for sources in one batch. A second batch follows in two cases: Graph rejects a `$search`, or relevant
 * people must be verified and no later request will do it. With truncated users or groups a later request comes
 * anyway, so people wait for that one: typing on costs two round trips at most.
 * @throws EntradaFailure what only the user can resolve, such as `interaction_required`
 */
export async function searchGraph(
  graph: Graph,
  tokens: GraphTokens,
  request: GraphSearch,
): Promise<SourceResults> {
  const { search, scope, sources, isBackground } = request
  const send = async (requests: readonly BatchRequest[]): Promise<Map<string, BatchAnswer>> => {
    try {
      const options = { deadlineMs: TIMEOUT_MS, isBackground }
      return new Map(await callBatch(graph, tokens, requests, options))
    } catch (cause) {
      if (!(cause instanceof EntradaFailure) || !REPORTED_BY_STATUS.has(cause.code)) throw cause
      return new Map(requests.map(({ id }) => [id, { ok: false, error: NO_RESPONSE }]))
    }
  }
  const first = await send([
    ...sources.flatMap((source) => requestsFor(source, search, scope)),
    ...(request.wantsFrequentContacts ? [frequentContactsRequest(scope)] : []),
    ...verificationRequests(request.people, scope),
  ])
  // Graph cannot parse a `$search` only through a defect of Entrada or Graph. `startswith` replaces it.
  const rejected = LISTS.filter((list) => isRejected(first.get(list)))
  for (const list of rejected) first.delete(list)
  const results = resultsOf(first)
  for (const source of sources) if (!results.has(source)) results.set(source, EMPTY_RESULT)
  const relevant = relevantPeople(results, request)
  if (relevant !== null) results.set('people', relevant.people)
  const further = [
    ...rejected.map((list) => prefixRequest(list, search, scope)),
    ...verificationRequests(peopleToVerify(relevant, results, request), scope),
  ]
  if (further.length === 0) return results
  const second = resultsOf(await send(further))
  for (const [kind, result] of second) results.set(kind, combine(results.get(kind), result))
  const lookup = second.get('verifiedPeople')
  if (lookup === undefined || relevant === null) return results
  // A lookup that failed must not look like "nobody found".
  if (lookup.status !== 'ok') return results.set('people', lookup)
  const { people } = relevant
  const users = [...lookup.principals, ...(results.get('users')?.principals ?? [])]
  return results.set('people', { ...people, principals: verified(people.principals, users) })
}

interface RelevantPeople {
  readonly people: SourceResult
  /** The text matches no name, so Graph found these people by sound or across a typing error. */
  readonly isGuess: boolean
}

/** The relevant people who match the text. Those whom Graph guesses at stay only without a match. */
function relevantPeople(
  results: SourceResults,
  { search, answers }: GraphSearch,
): RelevantPeople | null {
  const people = results.get('people')
  if (people === undefined) return null
  const qualityOf = matcherFor(search)
  const { principals: users } = usersOf(results, answers)
  const matching = people.principals.filter((person) => qualityOf(person) > 0)
  const isGuess = matching.length === 0 && !users.some((user) => qualityOf(user) > 0)
  return { people: isGuess ? people : { ...people, principals: matching }, isGuess }
}

/** The relevant people to look up in a second batch. */
function peopleToVerify(
  relevant: RelevantPeople | null,
  results: SourceResults,
  { answers, verifies }: GraphSearch,
): readonly Principal[] {
  if (relevant === null) return []
  const users = usersOf(results, answers)
  const isAskedAgain = LISTS.some((list) => isTruncated(results.get(list)))
  // A complete list of users settles who is in the directory: matching people not on it have left.
  const isSettled = users.status === 'ok' && !isTruncated(results.get('users')) && !relevant.isGuess
  if (verifies === 'never' || isSettled || (verifies === 'later' && isAskedAgain)) return []
  return unverified(relevant.people.principals, users.principals)
}

function usersOf(results: SourceResults, answers: GraphSearch['answers']): SourceResult {
  return results.get('users') ?? answers.get('users') ?? EMPTY_RESULT
}

function isTruncated(result: SourceResult | undefined): boolean {
  return result?.status === 'ok' && !result.isComplete
}

function isRejected(answer: BatchAnswer | undefined): boolean {
  return answer?.ok === false && answer.error.status === 400
}
