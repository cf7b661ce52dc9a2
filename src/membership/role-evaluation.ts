import { isGuid } from '../settings/issuer.ts'
import type { RoleRule } from '../settings/membership.ts'
import { isTrueAt, readGroupsClaim, textsAt, type Claims, type GroupsClaim } from './claims.ts'
import { membershipCheckFailed, type MembershipGraphClient } from './graph-client.ts'
import { membershipsAmong, resolveNames } from './group-lookup.ts'

/** Where new claims come from while a session runs. */
export interface ClaimsEvidence {
  /** Whether there is a grant to get a new id token with. */
  readonly canRenew: boolean
  /** Claims of a new, verified id token; `null` when there is none to be had. */
  claims(): Promise<Claims | null>
}

/** What one person holds of the rules at one moment. No rule, nothing held. */
export class RoleEvaluation {
  readonly #questions: MembershipGraphClient | null
  /** Groups that any of the rules gives by its id: Graph is asked once for all of them. */
  readonly #ids: readonly string[]
  #own: Promise<ReadonlySet<string>> | null = null

  /** @param questions `null` for an issuer that is not Entra */
  constructor(rules: readonly (RoleRule | null)[], questions: MembershipGraphClient | null) {
    this.#questions = questions
    const entries = rules.flatMap((rule) => (rule?.isAboutGroups === true ? rule.anyOf : []))
    this.#ids = [...new Set(entries.filter(isGuid).map((id) => id.toLowerCase()))]
  }

  /**
   * Goes by the claims of a sign-in, and by Graph where the rule says so.
   * @throws EntradaFailure `membership_unknown`
   */
  async heldBySignIn(rule: RoleRule | null, claims: Claims): Promise<readonly string[]> {
    if (rule === null) return []
    if (!rule.isAboutGroups) return heldInClaims(rule, claims)
    if (rule.source === 'graph') return this.#heldInGraph(rule)
    const groups = readGroupsClaim(claims)
    if (groups.kind === 'listed') return this.#heldInList(rule, groups)
    if (rule.source === 'auto') return this.#heldInGraph(rule)
    if (groups.kind === 'absent') return []
    throw membershipCheckFailed(groups.kind === 'overflown' ? 'overage' : 'unreadable_claim')
  }

  /**
   * The same of somebody who is in already. Groups are asked of Graph, whatever told of them at sign-in; what
   * only a token tells needs a new one that can be trusted. Where none can be had at all, it stays as it was.
   * @param known what was held before
   * @throws EntradaFailure `membership_unknown`
   */
  async heldByRecheck(
    rule: RoleRule | null,
    known: readonly string[],
    evidence: ClaimsEvidence,
  ): Promise<readonly string[]> {
    if (rule === null) return []
    const held = rule.anyOf.filter((entry) => known.includes(entry))
    if (this.#questions === null) return held
    // Groups that a token names by another name than Graph's can only be found in a token again.
    const isClear = rule.source === 'graph' || rule.anyOf.every(isGuid)
    if (rule.isAboutGroups && isClear) return this.#heldInGraph(rule)
    const current = await evidence.claims()
    if (current !== null) return this.heldBySignIn({ ...rule, source: 'auto' }, current)
    if (rule.source === 'auto') return this.#heldInGraph(rule)
    if (evidence.canRenew) throw membershipCheckFailed('no_id_token')
    return held
  }

  async #heldInGraph({ anyOf }: RoleRule): Promise<readonly string[]> {
    const questions = this.#required()
    this.#own ??= membershipsAmong(this.#ids, questions)
    const names = anyOf.filter((entry) => !isGuid(entry))
    const [own, named] = await Promise.all([this.#own, resolveNames(names, questions)])
    const ownNamed = await membershipsAmong([...named.ids.values()], questions)
    const isHeld = (entry: string) =>
      isGuid(entry) ? own.has(entry.toLowerCase()) : ownNamed.has(named.ids.get(entry) ?? '')
    return decided(anyOf.filter(isHeld), named.ambiguous.size > 0)
  }

  /** Entra lists groups by object id, or by name where the registration says so. */
  async #heldInList(
    { anyOf }: RoleRule,
    { values }: Extract<GroupsClaim, { kind: 'listed' }>,
  ): Promise<readonly string[]> {
    const listed = new Set([...values, ...values.filter(isGuid).map((id) => id.toLowerCase())])
    const isListed = (entry: string) => listed.has(isGuid(entry) ? entry.toLowerCase() : entry)
    const open = anyOf.filter((entry) => !isGuid(entry) && !listed.has(entry))
    if (open.length === 0 || this.#questions === null || !values.some(isGuid)) {
      return anyOf.filter(isListed)
    }
    const { ids, ambiguous } = await resolveNames(open, this.#questions)
    return decided(
      anyOf.filter((entry) => isListed(entry) || listed.has(ids.get(entry) ?? '')),
      ambiguous.size > 0,
    )
  }

  #required(): MembershipGraphClient {
    if (this.#questions === null) throw membershipCheckFailed('graph_refused')
    return this.#questions
  }
}

/** Any of them is enough. Without one, a name that two groups have leaves the question open. */
function decided(held: readonly string[], isAmbiguous: boolean): readonly string[] {
  if (held.length === 0 && isAmbiguous) throw membershipCheckFailed('ambiguous_name')
  return held
}

function heldInClaims({ anyOf, path, acceptsTrue }: RoleRule, claims: Claims): readonly string[] {
  if (acceptsTrue && isTrueAt(claims, path)) return anyOf
  const texts = new Set(textsAt(claims, path))
  return anyOf.filter((wanted) => texts.has(wanted))
}
