import type { RedeemedTokens } from '../entra/entra.ts'
import type { Identity } from '../entra/id-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { RoleRule } from '../settings/roles.ts'
import type { Settings } from '../settings/settings.ts'

/** What a person who may come in is known as: only what the settings mention. */
export interface Admitted {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly isOperator: boolean
}

/** Whether somebody belongs here. When it cannot be found out, the door stays shut. */
export class Admission {
  readonly #required: RoleRule | null
  readonly #admin: RoleRule | null

  constructor({ requiredRole, adminRole }: Pick<Settings, 'requiredRole' | 'adminRole'>) {
    this.#required = requiredRole
    this.#admin = adminRole
  }

  /** @throws EntradaFailure `not_a_member`, `membership_unknown` */
  async admit(identity: Identity, _tokens: RedeemedTokens): Promise<Admitted> {
    const required = this.#required === null ? null : heldOf(this.#required, identity)
    if (required?.length === 0) throw new EntradaFailure('not_a_member')
    const admin = this.#admin === null ? [] : heldOf(this.#admin, identity)
    const held = [
      ...(this.#required === null ? [] : [{ rule: this.#required, values: required ?? [] }]),
      ...(this.#admin === null ? [] : [{ rule: this.#admin, values: admin }]),
    ]
    const of = (isGroups: boolean) => [
      ...new Set(
        held
          .filter(({ rule }) => (rule.path.join('.') === 'groups') === isGroups)
          .flatMap(({ values }) => values),
      ),
    ]
    return { roles: of(false), groups: of(true), isOperator: admin.length > 0 }
  }
}

/** The values of the rule that the person has. */
function heldOf(rule: RoleRule, { claims }: Identity): readonly string[] {
  if (rule.source === 'graph' || isOverflown(rule, claims)) {
    throw new EntradaFailure('membership_unknown', {
      detail: 'Your groups do not fit into the sign-in answer, and could not be looked up.',
    })
  }
  const values = valuesAt(rule.path, claims)
  return rule.anyOf.filter((wanted) => values.includes(wanted))
}

/** Entra leaves the claim out above 200 groups and says so in one of several shapes. */
function isOverflown(rule: RoleRule, claims: Identity['claims']): boolean {
  if (rule.path.join('.') !== 'groups') return false
  if (claims['hasgroups'] === true || claims['hasgroups'] === 'true') return true
  const names = claims['_claim_names']
  return typeof names === 'object' && names !== null && 'groups' in names
}

function valuesAt(path: readonly string[], claims: unknown): readonly string[] {
  let value = claims
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return []
    value = Object.entries(value).find(([name]) => name === step)?.[1]
  }
  if (typeof value === 'string') return value.split(/[\s,]+/)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
