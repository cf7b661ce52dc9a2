import { isGuid } from '../settings/issuer.ts'
import type { RoleRule } from '../settings/membership.ts'
import { isTrueAt, readGroupsClaim, textsAt, type Claims, type GroupsClaim } from './claims.ts'
import { membershipCheckFailed, type MembershipGraphClient } from './graph-client.ts'
import { membershipsAmong, resolveNames } from './group-lookup.ts'

/** Where a running session's new claims come from. */
export interface ClaimsEvidence {
  /** Whether there is a refresh token, which brings a new id token. */
  readonly canRenew: boolean
  /** Claims of a new, verified id token; `null` when there is none. */
  claims(): Promise<Claims | null>
}

/** Which entries of the rules one person matches now. A missing rule matches nothing. */
export class RoleEvaluation {
  readonly #client: MembershipGraphClient | null
  /** Group ids in any of the rules: Graph is asked once for all of them. */
  readonly #ids: readonly string[]
  #own: Promise<ReadonlySet<string>> | null = null

  /** @param client `null` for an issuer that is not Entra */
  constructor(rules: readonly (RoleRule | null)[], client: MembershipGraphClient | null) {
    this.#client = client
    const entries = rules.flatMap((rule) => (rule?.isAboutGroups === true ? rule.anyOf : []))
    this.#ids = [...new Set(entries.filter(isGuid).map((id) => id.toLowerCase()))]
  }

  /**
   * Entries of a rule that match the claims of a sign-in, or Graph's answer where the rule says so.
   * @throws EntradaFailure `membership_unknown`
   */
  async matchedBySignIn(rule: RoleRule | null, claims: Claims): Promise<readonly string[]> {
    if (rule === null) return []
    if (!rule.isAboutGroups) return matchedInClaims(rule, claims)
    if (rule.source === 'graph') return this.#matchedInGraph(rule)
    const groups = readGroupsClaim(claims)
    if (groups.kind === 'listed') return this.#matchedInList(rule, groups)
    if (rule.source === 'auto') return this.#matchedInGraph(rule)
    if (groups.kind === 'absent') return []
    throw membershipCheckFailed(groups.kind === 'overflown' ? 'overage' : 'unreadable_claim')
  }

  /**
   * The same for a running session. Groups come from Graph, whatever their source at sign-in. Other entries need a new,
   * verified id token; where the session cannot get one, they stay as they were.
   * @param known entries that matched before
   * @throws EntradaFailure `membership_unknown`
   */
  async matchedByRecheck(
    rule: RoleRule | null,
    known: readonly string[],
    source: ClaimsEvidence,
  ): Promise<readonly string[]> {
    if (rule === null) return []
    const held = rule.anyOf.filter((entry) => known.includes(entry))
    if (this.#client === null) return held
    // A token may name groups by on-premises names, which Graph does not know: they need a token again.
    const isClear = rule.source === 'graph' || rule.anyOf.every(isGuid)
    if (rule.isAboutGroups && isClear) return this.#matchedInGraph(rule)
    const current = await source.claims()
    if (current !== null) return this.matchedBySignIn({ ...rule, source: 'auto' }, current)
    if (rule.source === 'auto') return this.#matchedInGraph(rule)
    if (source.canRenew) throw membershipCheckFailed('no_id_token')
    return held
  }

  async #matchedInGraph({ anyOf }: RoleRule): Promise<readonly string[]> {
    const client = this.#requiredClient()
    this.#own ??= membershipsAmong(this.#ids, client)
    const names = anyOf.filter((entry) => !isGuid(entry))
    const [own, named] = await Promise.all([this.#own, resolveNames(names, client)])
    const ownNamed = await membershipsAmong([...named.ids.values()], client)
    const isHeld = (entry: string) =>
      isGuid(entry) ? own.has(entry.toLowerCase()) : ownNamed.has(named.ids.get(entry) ?? '')
    return assertDecided(anyOf.filter(isHeld), named.ambiguous.size > 0)
  }

  /** A token lists groups by object id, or by name where the app registration says so. */
  async #matchedInList(
    { anyOf }: RoleRule,
    { values }: Extract<GroupsClaim, { kind: 'listed' }>,
  ): Promise<readonly string[]> {
    const listed = new Set([...values, ...values.filter(isGuid).map((id) => id.toLowerCase())])
    const isListed = (entry: string) => listed.has(isGuid(entry) ? entry.toLowerCase() : entry)
    const unlisted = anyOf.filter((entry) => !isGuid(entry) && !listed.has(entry))
    if (unlisted.length === 0 || this.#client === null || !values.some(isGuid)) {
      return anyOf.filter(isListed)
    }
    const { ids, ambiguous } = await resolveNames(unlisted, this.#client)
    return assertDecided(
      anyOf.filter((entry) => isListed(entry) || listed.has(ids.get(entry) ?? '')),
      ambiguous.size > 0,
    )
  }

  #requiredClient(): MembershipGraphClient {
    if (this.#client === null) throw membershipCheckFailed('graph_refused')
    return this.#client
  }
}

/** One match is enough. Without one, an ambiguous name is a failed check rather than a refusal. */
function assertDecided(held: readonly string[], isAmbiguous: boolean): readonly string[] {
  if (held.length === 0 && isAmbiguous) throw membershipCheckFailed('ambiguous_name')
  return held
}

function matchedInClaims(
  { anyOf, path, acceptsTrue }: RoleRule,
  claims: Claims,
): readonly string[] {
  if (acceptsTrue && isTrueAt(claims, path)) return anyOf
  const texts = new Set(textsAt(claims, path))
  return anyOf.filter((wanted) => texts.has(wanted))
}
