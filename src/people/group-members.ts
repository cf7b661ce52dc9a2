import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { callBatch, type BatchAnswer, type BatchRequest } from '../graph/batch.ts'
import type { SealedBox, SealContext } from '../stores/sealed-box.ts'
import { isObjectId, readMembers, type MembersPage } from './directory-readers.ts'
import { graphFailureOf } from './graph-failure.ts'
import { accessDirectory, type Asker, type PeopleParts } from './people-access.ts'
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

const DEFAULT_LIMIT = 50
const MOST = 100
const DEADLINE_MS = 10_000
const SELECT = 'id,displayName,givenName,surname,mail,userPrincipalName,description,mailNickname'

const Cursor = v.object({ link: v.string(), shown: v.array(v.string()) })
type Cursor = v.InferOutput<typeof Cursor>

/** @throws EntradaFailure `graph_not_found`, `invalid_request` */
export function readMembersQuery(id: string, parameters: URLSearchParams): MembersQuery {
  if (!isObjectId(id)) throw new EntradaFailure('graph_not_found')
  const limit = parameters.get('limit') ?? String(DEFAULT_LIMIT)
  if (!/^\d{1,6}$/.test(limit)) {
    throw new EntradaFailure('invalid_request', {
      detail: `limit takes a number from 1 to ${MOST}.`,
    })
  }
  const transitive = parameters.get('transitive') ?? 'false'
  if (transitive !== 'true' && transitive !== 'false') {
    throw new EntradaFailure('invalid_request', { detail: 'transitive takes true or false.' })
  }
  return {
    groupId: id.toLowerCase(),
    isTransitive: transitive === 'true',
    limit: Math.min(MOST, Math.max(1, Number(limit))),
    cursor: parameters.get('cursor'),
  }
}

/**
 * One page of a group's members. Where the operator counts owners as members, they come first on the first
 * page and not again on a later one.
 */
export async function listMembers(
  parts: PeopleParts,
  asker: Asker,
  query: MembersQuery,
): Promise<Members> {
  const { graph, tokens } = await accessDirectory(parts, asker, 'groups')
  const { settings, session } = asker
  const context = cursorContext(asker, query)
  const cursor = query.cursor === null ? null : await openCursor(parts.box, query.cursor, context)
  const bucket = `${session.user.tenantId}/directory`
  const withOwners = settings.people.includeOwnersAsMembers && cursor === null
  const requests: readonly BatchRequest[] = [
    { id: 'members', path: cursor === null ? firstPath(query) : pathOf(cursor.link), bucket },
    ...(withOwners ? [{ id: 'owners', path: ownersPath(query), bucket }] : []),
  ]
  const answers = await callBatch(graph, tokens, requests, { deadlineMs: DEADLINE_MS })
  const members = pageOf(answers.get('members'))
  // Without its owners the list would be wrong, and would not look it.
  const owners = withOwners ? pageOf(answers.get('owners')) : EMPTY_PAGE
  const shown = new Set(cursor?.shown)
  const principals = [...owners.items, ...members.items].filter((principal) => {
    const isShown = shown.has(principal.id)
    shown.add(principal.id)
    return !isShown && (!query.isTransitive || principal.type === 'user')
  })
  const next = {
    link: members.nextLink ?? '',
    shown: cursor?.shown ?? owners.items.map(({ id }) => id),
  }
  return {
    principals,
    withheld: owners.withheld + members.withheld,
    cursor: next.link === '' ? null : await parts.box.seal(JSON.stringify(next), context),
  }
}

const EMPTY_PAGE: MembersPage = { items: [], nextLink: null, withheld: 0 }

function firstPath({ groupId, isTransitive, limit }: MembersQuery): string {
  const relation = isTransitive ? 'transitiveMembers' : 'members'
  return `/groups/${groupId}/${relation}?$select=${SELECT}&$top=${limit}`
}

/** A group has at most a hundred owners. */
function ownersPath({ groupId }: MembersQuery): string {
  return `/groups/${groupId}/owners?$select=${SELECT}&$top=100`
}

function pageOf(answer: BatchAnswer | undefined): MembersPage {
  if (answer?.ok === false) throw graphFailureOf(answer.error)
  const page = readMembers(answer?.body)
  if (page === null) throw new EntradaFailure('graph_unexpected')
  return page
}

/** Bound to who lists what: a cursor is not a way to make us ask anything else. */
function cursorContext({ session }: Asker, { groupId, isTransitive }: MembersQuery): SealContext {
  const { tenantId, id } = session.user
  return { purpose: 'members-cursor', bound: [tenantId, id, groupId, String(isTransitive)] }
}

async function openCursor(box: SealedBox, sealed: string, context: SealContext): Promise<Cursor> {
  const json = await box.open(sealed, context)
  if (json === null) {
    throw new EntradaFailure('invalid_request', { detail: 'cursor is not of this list.' })
  }
  return v.parse(Cursor, JSON.parse(json))
}

/** Inside a batch, addresses begin below the version. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return `${pathname.replace(/^\/v1\.0/, '')}${search}`
}
