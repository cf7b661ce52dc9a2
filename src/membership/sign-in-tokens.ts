import { epochSeconds } from '../epoch-seconds.ts'
import type { RedeemedTokens } from '../entra/redeemed-tokens.ts'
import type { GraphTokens } from '../graph/graph.ts'
import { unknownMembership } from './unknown-membership.ts'

/** The one token sign-in came back with. There is no session yet that could fetch another. */
export function signInTokens({ accessToken, expiresIn, scopes }: RedeemedTokens): GraphTokens {
  const expiresAt = epochSeconds() + expiresIn
  return async (options) => {
    if (options?.refused !== undefined) throw unknownMembership('token_refused')
    return { resource: 'graph', value: accessToken, expiresAt, scopes }
  }
}
