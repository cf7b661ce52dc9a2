import { EntradaFailure } from '../failure.ts'
import { callBatch, type BatchAnswer, type BatchRequest } from '../graph/batch.ts'
import type { SealedBox, SealContext } from '../crypto/sealed-box.ts'
import { readMembers, type MembersPage } from './graph-readers.ts'
import { USER_BASICS } from './graph-queries.ts'
import { graphFailureOf } from './source-result.ts'
import { accessDirectory, type Searcher, type PeopleDeps } from './access.ts'
import { invalid, readLimit, readObjectId } from './query.ts'
import type { Principal } from './principal.ts'

export interface MembersQuery {
  readonly groupId: string
  /** Also the members of groups in the group; then people only. */
  readonly isTransitive: boolean
  readonly limit: number
  readonly cursor: string | null
}

export interface Members {
  readonly principals: readonly Principal[]
  /** Members who are there and may not be shown to this user. */
  readonly withheld: number
  /** Where to go on; `null` at the end. */
  readonly cursor: string | null
}

const USUAL = 50
const MOST = 100
const DEADLINE_MS = 10_000
const SELECT = `$select=${USER_BASICS},description,mailNickname&$top=`

/** @throws EntradaFailure `graph_not_found`, `invalid_request` */
export function readMembersQuery(id: string, parameters: URLSearchParams): MembersQuery {
  const transitive = parameters.get('transitive') ?? 'false'
  if (transitive !== 'true' && transitive !== 'false') {
    throw invalid('transitive takes true or false.')
  }
  return {
    groupId: readObjectId(id),
    isTransitive: transitive === 'true',
    limit: readLimit(parameters, USUAL, MOST),
    cursor: parameters.get('cursor'),
  }
}

/**
 * One page of a group's members. Where the operator counts owners as members, they come first on the first
 * page and not again on a later one.
 */
export async function listMembers(
  deps: PeopleDeps,
  asker: Searcher,
  query: MembersQuery,
): Promise<Members> {
  const { graph, tokens } = await accessDirectory(deps, asker, 'groups')
  const { settings, session } = asker
  const { groupId, isTransitive, limit, cursor } = query
  const context = cursorContext(asker, query)
  const relation = isTransitive ? 'transitiveMembers' : 'members'
  const [path = '', ...ownerIds] =
    cursor === null
      ? [`/groups/${groupId}/${relation}?${SELECT}${limit}`]
      : await openCursor(deps.box, cursor, context)
  const bucket = `${session.user.tenantId}/directory`
  const withOwners = settings.people.includeOwnersAsMembers && cursor === null
  const requests: readonly BatchRequest[] = [
    { id: 'members', path, bucket },
    // A group has at most a hundred.
    ...(withOwners
      ? [{ id: 'owners', path: `/groups/${groupId}/owners?${SELECT}100`, bucket }]
      : []),
  ]
  const answers = await callBatch(graph, tokens, requests, { deadlineMs: DEADLINE_MS })
  const members = pageOf(answers.get('members'))
  // Without its owners the list would be wrong, and would not look it.
  const owners = withOwners ? pageOf(answers.get('owners')) : EMPTY_PAGE
  const shown = new Set(ownerIds)
  const principals = [...owners.items, ...members.items].filter((principal) => {
    const isShown = shown.has(principal.id)
    shown.add(principal.id)
    return !isShown && (!isTransitive || principal.type === 'user')
  })
  const { nextLink } = members
  // Owners are not shown again on a later page.
  const passed = [...ownerIds, ...owners.items.map(({ id }) => id)]
  return {
    principals,
    withheld: owners.withheld + members.withheld,
    cursor:
      nextLink === null
        ? null
        : await deps.box.seal([pathOf(nextLink), ...passed].join('\n'), context),
  }
}

const EMPTY_PAGE: MembersPage = { items: [], nextLink: null, withheld: 0 }

function pageOf(answer: BatchAnswer | undefined): MembersPage {
  if (answer?.ok === false) throw graphFailureOf(answer.error)
  const page = readMembers(answer?.body)
  if (page === null) throw new EntradaFailure('graph_unexpected')
  return page
}

/** Bound to who lists what: a cursor is not a way to make us ask anything else. */
function cursorContext(
  { session }: Searcher,
  { groupId, isTransitive }: MembersQuery,
): SealContext {
  const { tenantId, id } = session.user
  return { purpose: 'members-cursor', bound: [tenantId, id, groupId, String(isTransitive)] }
}

async function openCursor(box: SealedBox, sealed: string, context: SealContext) {
  const lines = await box.open(sealed, context)
  if (lines === null) throw invalid('cursor is not of this list.')
  return lines.split('\n')
}

/** Inside a batch, addresses begin below the version. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return `${pathname.replace(/^\/v1\.0/, '')}${search}`
}
