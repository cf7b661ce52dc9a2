import type { SealContext, SealedBox } from '../crypto/web-crypto.ts'
import { EntradaFailure } from '../failure.ts'
import { type BatchAnswer, type BatchRequest, callBatch } from '../graph/batch.ts'
import { accessGraph, type PeopleDeps, type Searcher } from './access.ts'
import { USER_BASICS } from './graph-queries.ts'
import { type MembersPage, readMembers } from './graph-readers.ts'
import type { Principal } from './principal.ts'
import { invalid, readLimit, readObjectId } from './query.ts'
import { graphFailureOf } from './source-result.ts'

/** The parameters of `GET /.entrada/groups/:id/members`. */
interface MembersQuery {
  readonly groupId: string
  /** Includes the members of groups in the group, and lists people only. */
  readonly isTransitive: boolean
  readonly limit: number
  readonly cursor: string | null
}

/** One page of members. */
interface Members {
  readonly principals: readonly Principal[]
  /** The number of members whom this user may not see. */
  readonly withheld: number
  /** Gets the next page, through the parameter `cursor`; `null` on the last page. */
  readonly cursor: string | null
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 100
const TIMEOUT_MS = 10_000
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
    limit: readLimit(parameters, DEFAULT_LIMIT, MAX_LIMIT),
    cursor: parameters.get('cursor'),
  }
}

/**
 * Lists one page of a group's members. With `ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS` the owners come first on the first
 * page, and later pages leave them out.
 * @throws EntradaFailure `feature_off`, `consent_required`, `invalid_request` for a cursor of another list, failures
 *   of Graph, what `session.accessToken` throws
 */
export async function listMembers(
  deps: PeopleDeps,
  searcher: Searcher,
  query: MembersQuery,
): Promise<Members> {
  const { graph, tokens } = await accessGraph(deps, searcher, 'groups')
  const { settings, session } = searcher
  const { groupId, isTransitive, limit, cursor } = query
  const context = cursorContext(searcher, query)
  const relation = isTransitive ? 'transitiveMembers' : 'members'
  const [path = '', ...ownerIds] =
    cursor === null
      ? [`/groups/${groupId}/${relation}?${SELECT}${limit}`]
      : await openCursor(deps.box, cursor, context)
  const bucket = `${session.user.tenantId}/directory`
  const withOwners = settings.people.includeOwnersAsMembers && cursor === null
  const requests: readonly BatchRequest[] = [
    { id: 'members', path, bucket },
    // A group has at most 100 owners, so one page is enough.
    ...(withOwners
      ? [{ id: 'owners', path: `/groups/${groupId}/owners?${SELECT}100`, bucket }]
      : []),
  ]
  const answers = await callBatch(graph, tokens, requests, { deadlineMs: TIMEOUT_MS })
  const members = pageOf(answers.get('members'))
  // Without owners the list would be incomplete without a sign of it, so their failure is thrown.
  const owners = withOwners ? pageOf(answers.get('owners')) : EMPTY_PAGE
  const shown = new Set(ownerIds)
  const principals = [...owners.items, ...members.items].filter((principal) => {
    const isShown = shown.has(principal.id)
    shown.add(principal.id)
    return !isShown && (!isTransitive || principal.type === 'user')
  })
  const { nextLink } = members
  // The cursor names the owners, so that later pages can leave them out.
  const listed = [...ownerIds, ...owners.items.map(({ id }) => id)]
  return {
    principals,
    withheld: owners.withheld + members.withheld,
    cursor:
      nextLink === null
        ? null
        : await deps.box.seal([pathOf(nextLink), ...listed].join('\n'), context),
  }
}

const EMPTY_PAGE: MembersPage = { items: [], nextLink: null, withheld: 0 }

function pageOf(answer: BatchAnswer | undefined): MembersPage {
  if (answer?.ok === false) throw graphFailureOf(answer.error)
  const page = readMembers(answer?.body)
  if (page === null) throw new EntradaFailure('graph_unexpected')
  return page
}

/** Binds a cursor to the user and the list, so that it cannot send Entrada to another Graph path. */
function cursorContext(
  { session }: Searcher,
  { groupId, isTransitive }: MembersQuery,
): SealContext {
  const { tenantId, id } = session.user
  return { purpose: 'members-cursor', bound: [tenantId, id, groupId, String(isTransitive)] }
}

async function openCursor(box: SealedBox, sealed: string, context: SealContext) {
  const lines = await box.open(sealed, context)
  if (lines === null) throw invalid('cursor belongs to another list.')
  return lines.split('\n')
}

/** The path below `/v1.0`, as a batch takes it. Only the path is used, whatever host the link names. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return `${pathname.replace(/^\/v1\.0/, '')}${search}`
}
