import * as v from 'valibot'
import { mergeSources, type Candidate } from './merge.ts'
import type { Source } from './permissions.ts'
import { indexOf, type Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

const MOST = 50

const Text = v.nullish(v.string())
/** One of LibreChat's results. What else it holds is passed on as it is. */
const Local = v.looseObject({
  id: Text,
  type: v.string(),
  name: Text,
  email: Text,
  username: Text,
  source: Text,
  idOnTheSource: Text,
})
type Local = v.InferOutput<typeof Local>

export const Body = v.looseObject({
  limit: v.number(),
  types: v.nullish(v.array(v.string())),
  results: v.array(Local),
})

/** Of LibreChat's own list. */
interface LocalRow extends Candidate {
  readonly type: string
  readonly email: string | null
  readonly isLocal: boolean
  readonly local: Local
}

export type LibreChatRow = LocalRow | Principal

/** Both lists as one. Whom LibreChat knows stays as LibreChat knows them. */
export function mergedRows(
  { results, types, limit }: v.InferOutput<typeof Body>,
  found: ReadonlyMap<Source, readonly Principal[]>,
  search: SearchText,
): readonly LibreChatRow[] {
  const locals = results.map(toRow)
  const known = new Map(
    locals.flatMap((row) => [
      [row.id, row],
      [addressOf(row), row],
    ]),
  )
  const rowsOf = (part: Source): readonly LibreChatRow[] =>
    (found.get(part) ?? [])
      .filter(({ type }) => types?.includes(type) !== false)
      .map((one) => known.get(one.id) ?? known.get(addressOf(one)) ?? one)
  const isUser = ({ type }: LibreChatRow) => type === 'user'
  const sources = new Map<Source, readonly LibreChatRow[]>([
    ['people', rowsOf('people')],
    ['users', [...locals.filter(isUser), ...rowsOf('users')]],
    ['groups', [...locals.filter((row) => !isUser(row)), ...rowsOf('groups')]],
  ])
  return mergeSources(sources, search, Math.min(MOST, Math.max(1, limit)))
}

function toRow(local: Local): LocalRow {
  const { id, type, source, idOnTheSource } = local
  const name = local.name ?? ''
  const email = local.email ?? null
  return {
    id: idOnTheSource?.toLowerCase() ?? `${type} ${id ?? ''}`,
    type,
    name,
    email,
    index: indexOf(name, [email, local.username ?? null]),
    isLocal: source !== 'entra',
    local,
  }
}

/** Without an address nobody is anybody's double. */
function addressOf({ type, email, id }: Pick<LibreChatRow, 'type' | 'email' | 'id'>): string {
  return email === null || email === '' ? `id ${id}` : `${type} ${email.toLowerCase()}`
}
