import { EntradaFailure, FAILURES } from '../failure.ts'

/** Why it could not be found out. Goes to the log; the sentence goes to the page. */
const REASONS = {
  overage:
    'You are in more groups than a sign-in can list. Whoever runs this chat has to set OPENID_REQUIRED_ROLE_TOKEN_KIND to auto',
  unreadable_claim: 'Your groups came in a form that we cannot read',
  no_id_token: 'Microsoft did not say anew who you are in a way that we can trust',
  ambiguous_name:
    'Two groups share a name in the access rule. Whoever runs this chat has to write object ids instead of names',
  not_permitted:
    'This app may not look up groups. Whoever runs this chat has to grant it GroupMember.Read.All, or write object ids instead of names',
  token_refused: 'Microsoft 365 did not accept our proof that you are signed in',
  graph_throttled: FAILURES.graph_throttled.title,
  graph_unavailable: FAILURES.graph_unavailable.title,
  graph_unexpected: FAILURES.graph_unexpected.title,
  graph_refused: FAILURES.graph_refused.title,
} as const

export type MembershipCheckFailure = keyof typeof REASONS

/** The door stays shut: nothing here may be mistaken for "no groups". */
export function membershipCheckFailed(
  reason: MembershipCheckFailure,
  more: { readonly retryAfter?: number | null; readonly cause?: unknown } = {},
): EntradaFailure {
  return new EntradaFailure('membership_unknown', {
    reason,
    detail: `${REASONS[reason]}.`,
    retryAfter: more.retryAfter ?? undefined,
    cause: more.cause,
  })
}
