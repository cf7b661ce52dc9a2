import type { VerifiedIdentity } from '../entra/id-token.ts'
import type { RedeemedTokens } from '../entra/token-endpoint.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Log } from '../log.ts'
import { isGuid } from '../settings/issuer.ts'
import type { RoleRule } from '../settings/membership.ts'
import type { Settings } from '../settings/settings.ts'
import { epochSeconds } from '../time.ts'
import { type AccessRules, type AccountRefusal, refusedAccount } from './account-policy.ts'
import { membershipCheckFailed, MembershipGraphClient } from './graph-client.ts'
import { READS_GROUPS } from './group-lookup.ts'
import { type ClaimsEvidence, RoleEvaluation } from './role-evaluation.ts'

/** Names the rule that was not met, never the groups: only their members may learn of them. */
const RULES: Readonly<Record<AccountRefusal | 'role', string>> = {
  role: 'Your account has not been given access.',
  guest: 'Guest accounts do not have access.',
  no_address:
    'This chat identifies people by e-mail address, and your account has none that is known to be yours.',
  email_domain: 'Accounts with your e-mail domain do not have access.',
}

const CODES: Readonly<Record<AccountRefusal | 'role', FailureCode>> = {
  role: 'not_a_member',
  guest: 'wrong_account',
  no_address: 'no_address',
  email_domain: 'wrong_account',
}

/**
 * The failure of a sign-in that a rule refuses.
 * @param helpText the operator's own words, appended to the detail
 */
export function membershipFailure(
  reason: AccountRefusal | 'role',
  helpText: string | null,
): EntradaFailure {
  return new EntradaFailure(CODES[reason], {
    reason,
    detail: helpText === null ? RULES[reason] : `${RULES[reason]} ${helpText}`,
  })
}

/** Roles and groups of an admitted person: only those that the rules name, spelled as the rules spell them. */
export interface Entitlements {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  /** May use the operator endpoints. */
  readonly isOperator: boolean
}

/** The person of a running session. */
export interface Member {
  readonly tenantId: string
  readonly entitlements: Entitlements
}

/** Where a running session's claims and Graph tokens come from. */
export interface ClaimsSource extends ClaimsEvidence {
  readonly tokens: GraphTokens
}

export type MembershipResult =
  | { readonly kind: 'member'; readonly entitlements: Entitlements }
  | { readonly kind: 'lost' }
  | { readonly kind: 'unknown'; readonly reason: string }

type MembershipSettings = Pick<Settings, 'requiredRole' | 'adminRole'> & {
  readonly access: AccessRules
}

/** Decides who may use the chat, at sign-in and afterwards. Fails closed: without a result no one is admitted. */
export class Membership {
  readonly #settings: MembershipSettings
  readonly #graph: Graph | null

  /** @param graph `null` for an issuer that is not Entra */
  constructor(settings: MembershipSettings, graph: Graph | null) {
    this.#settings = settings
    this.#graph = graph
  }

  /** Whether running sessions are rechecked. Issuers other than Entra are asked at sign-in alone. */
  get isRechecked(): boolean {
    const { requiredRole, adminRole } = this.#settings
    return this.#graph !== null && (requiredRole ?? adminRole) !== null
  }

  /**
   * Admits a person at sign-in.
   * @throws EntradaFailure `not_a_member`, `wrong_account`, `no_address`, `membership_unknown`
   */
  async admit(identity: VerifiedIdentity, tokens: SignInTokens, log: Log): Promise<Entitlements> {
    const { userId, tenantId } = identity
    try {
      const { requiredRole, adminRole } = this.#rulesFor(tenantId)
      const graphTokens = tokens.graph([requiredRole, adminRole].some(hasGroupNames))
      return await this.#admit(identity, this.#clientFor(graphTokens, tenantId), log)
    } catch (cause) {
      if (!(cause instanceof EntradaFailure)) throw cause
      const { code, details } = cause
      const event = code === 'membership_unknown' ? 'membership_unknown' : 'refused_membership'
      log.audit(event, { userId, tenantId, reason: details.reason, at: 'sign_in' })
      const helpUrl = this.#settings.access.helpUrl ?? undefined
      throw new EntradaFailure(code, { ...details, helpUrl, cause })
    }
  }

  async #admit(
    identity: VerifiedIdentity,
    client: MembershipGraphClient | null,
    log: Log,
  ): Promise<Entitlements> {
    const { access } = this.#settings
    const { userId, tenantId, claims } = identity
    const refusal = await refusedAccount(identity, access, client)
    if (refusal !== null) throw membershipFailure(refusal, access.helpText)
    const { requiredRole, adminRole } = this.#rulesFor(tenantId)
    const evaluation = new RoleEvaluation([requiredRole, adminRole], client)
    const required = await evaluation.matchedBySignIn(requiredRole, claims)
    if (requiredRole !== null && required.length === 0) {
      throw membershipFailure('role', access.helpText)
    }
    const admin = await evaluation.matchedBySignIn(adminRole, claims).catch((cause: unknown) => {
      // A failed check of the admin role admits the person, without operator rights.
      const reason = reasonOf(cause)
      log.audit('membership_unknown', { userId, tenantId, reason, at: 'sign_in', rule: 'admin' })
      return []
    })
    return this.#entitlements(required, admin, tenantId)
  }

  /** Checks the person of a running session. Expected failures are results, not exceptions. */
  async recheck(
    { tenantId, entitlements }: Member,
    source: ClaimsSource,
  ): Promise<MembershipResult> {
    const { requiredRole, adminRole } = this.#rulesFor(tenantId)
    const client = this.#clientFor(source.tokens, tenantId)
    const evaluation = new RoleEvaluation([requiredRole, adminRole], client)
    const held = (rule: RoleRule | null) => {
      const known = rule?.isAboutGroups === true ? entitlements.groups : entitlements.roles
      return evaluation.matchedByRecheck(rule, known, source)
    }
    try {
      const required = await held(requiredRole)
      // Without a refresh token there is no new id token: what only a token tells stays as it was at sign-in.
      const isChecked = requiredRole?.isAboutGroups === true || source.canRenew
      if (requiredRole !== null && isChecked && required.length === 0) return { kind: 'lost' }
      const admin = await held(adminRole).catch((cause: unknown) => {
        // Without a result the person is no operator.
        if (entitlements.isOperator || !(cause instanceof EntradaFailure)) throw cause
        return []
      })
      return { kind: 'member', entitlements: this.#entitlements(required, admin, tenantId) }
    } catch (cause) {
      return { kind: 'unknown', reason: reasonOf(cause) }
    }
  }

  /** The rules that apply to people of a tenant. The required role always does: other tenants cannot sign in. */
  #rulesFor(tenantId: string): Pick<MembershipSettings, 'requiredRole' | 'adminRole'> {
    const { requiredRole, adminRole } = this.#settings
    const tenants = adminRole?.tenants ?? null
    const isForThem = tenants === null || tenants.includes(tenantId.toLowerCase())
    return { requiredRole, adminRole: isForThem ? adminRole : null }
  }

  #clientFor(tokens: GraphTokens, tenantId: string): MembershipGraphClient | null {
    return this.#graph === null ? null : new MembershipGraphClient(this.#graph, tokens, tenantId)
  }

  /** @param tenantId of the person: an admin role that their tenant cannot have is left out */
  #entitlements(
    required: readonly string[],
    admin: readonly string[],
    tenantId: string,
  ): Entitlements {
    const { requiredRole, adminRole } = this.#settings
    const isForThem = this.#rulesFor(tenantId).adminRole !== null
    const isTold = (entry: string) => isForThem || adminRole?.anyOf.includes(entry) !== true
    const among = (isAboutGroups: boolean) => {
      const of = (rule: RoleRule | null, held: readonly string[]) =>
        rule?.isAboutGroups === isAboutGroups ? held : []
      return [...new Set([...of(requiredRole, required).filter(isTold), ...of(adminRole, admin)])]
    }
    return { roles: among(false), groups: among(true), isOperator: admin.length > 0 }
  }
}

function hasGroupNames(rule: RoleRule | null): boolean {
  return rule?.isAboutGroups === true && !rule.anyOf.every(isGuid)
}

/** @throws unknown anything but an EntradaFailure */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof EntradaFailure)) throw cause
  return cause.details.reason ?? cause.code
}

/** Redeems the refresh token of a sign-in for everything consented at Graph; `null` when that is refused. */
export type RedeemAgain = (refreshToken: string) => Promise<RedeemedTokens | null>

/**
 * The tokens of a sign-in, before there is a session. The access token of a code exchange has all consented scopes, or
 * only those that the sign-in named. If group names are looked up and the scope for it is missing, the refresh token is
 * redeemed once.
 */
export class SignInTokens {
  #tokens: RedeemedTokens
  #expiresAt: number
  readonly #redeemAgain: RedeemAgain
  #second: Promise<void> | null = null

  constructor(tokens: RedeemedTokens, redeemAgain: RedeemAgain) {
    this.#tokens = tokens
    this.#expiresAt = epochSeconds() + tokens.expiresIn
    this.#redeemAgain = redeemAgain
  }

  /** The newest refresh token, which the session begins with. */
  get refreshToken(): string | null {
    return this.#tokens.refreshToken
  }

  graph(needsGroupNames: boolean): GraphTokens {
    return async (options) => {
      if (options?.refused !== undefined) throw membershipCheckFailed('token_refused')
      if (needsGroupNames) await (this.#second ??= this.#complete())
      const { accessToken: value, scopes } = this.#tokens
      return { resource: 'graph', value, expiresAt: this.#expiresAt, scopes }
    }
  }

  async #complete(): Promise<void> {
    const { scopes, refreshToken } = this.#tokens
    if (refreshToken === null || scopes.some((scope) => READS_GROUPS.test(scope))) return
    const more = await this.#redeemAgain(refreshToken)
    if (more === null) return
    this.#tokens = { ...more, refreshToken: more.refreshToken ?? refreshToken }
    this.#expiresAt = epochSeconds() + more.expiresIn
  }
}
