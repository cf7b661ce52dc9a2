/**
 * What a token error means for the session and for the person. Decided by `error` and `suberror` first
 * (token-error.ts); the AADSTS number tells apart what shares those two.
 */
export type TokenErrorKind =
  /** The refresh token or code will never work again: the session ends. */
  | 'gone'
  /** The person must act: multi-factor, terms of use, password. */
  | 'interaction'
  /** The person must consent to the permissions. */
  | 'consent'
  /** An administrator must consent to the permissions. */
  | 'admin_consent'
  /** Conditional Access blocks the request, whatever the person does here. */
  | 'policy'
  /** The account is disabled, locked or deleted. */
  | 'account'
  /** Our own credentials are refused: the operator must act, and no session ends. */
  | 'client'
  /** Malformed scope or unknown resource: a wrong setting or a fault of ours. */
  | 'request'
  /** AADSTS50196: we sent too many identical requests. */
  | 'loop'
  /** Network failure, 429 or 5xx: the session stays. */
  | 'unavailable'

/** Which explanation people read for an AADSTS number. What happens next depends on the `TokenErrorKind` alone. */
export type Wording =
  | TokenErrorKind
  | 'wrong_account'
  | 'not_assigned'
  | 'other_tenant'
  | 'device'
  | 'declined'
  | 'password'
  | 'platform'
  | 'other_cloud'

/**
 * One row per meaning: the kind, the wording, then the AADSTS numbers. Needed because `invalid_grant` alone means
 * a lost grant, which ends the session, and many numbers that come with it mean something else. Microsoft may
 * change the numbers, so a number that is not listed changes nothing. `null` as kind: the number only picks words.
 */
const MEANINGS: readonly (readonly [TokenErrorKind | null, Wording, ...number[]])[] = [
  ['loop', 'loop', 50196],
  // Multi-factor, security information, terms of use: the person can act.
  ['interaction', 'interaction', 50058, 50072, 50074, 50076, 50078, 50079, 50158, 53004],
  ['interaction', 'wrong_account', 16000],
  [null, 'interaction', 50085, 50089, 70043, 700082, 700084],
  [null, 'password', 50055, 50132, 50133, 50144, 50173],
  [null, 'declined', 65004],
  ['policy', 'policy', 50131, 53003, 530032, 530035],
  ['policy', 'other_tenant', 500212, 500213],
  // Managed and compliant devices: a redemption by a server can never meet the demand.
  ['policy', 'device', 50097, 50129, 50155, 50187, 53000, 53001, 53002, 53010],
  // Disabled, locked, at risk, deleted, not in this tenant, not assigned.
  ['account', 'account', 50053, 50057, 50135, 53011, 500341],
  ['account', 'wrong_account', 16003, 50014, 50020, 50034, 51004, 90072],
  ['account', 'not_assigned', 50105],
  ['consent', 'consent', 65001],
  ['admin_consent', 'admin_consent', 90094, 90095],
  // Our secret, certificate or app registration: no session ends.
  ['client', 'client', 50012, 70002, 70021, 700027, 700030, 7000215, 7000218, 7000222],
  ['client', 'request', 70001, 700011, 700016, 1000031, 7000112],
  ['client', 'platform', 700025],
  ['request', 'platform', 9002325, 9002327],
  ['request', 'request', 28000, 28002, 28003, 50011, 50194, 70011, 90009, 90124, 90130, 500011],
  ['request', 'request', 650052, 650057, 700022, 900971, 9001023, 9002326, 9002332],
  ['request', 'wrong_account', 500208],
  ['request', 'other_cloud', 90002, 90038, 900382, 900432],
  // The code or refresh token was used or has expired.
  [null, 'gone', 50147, 54005, 70000, 70008, 501481, 501491, 700005],
  ['unavailable', 'unavailable', 50033, 50087, 50088, 90006, 90012, 90024, 90033, 90055, 90090],
]

/** Explanation of AADSTS9002325, 9002327 and 700025, for people and for operators. */
export const WRONG_PLATFORM =
  'The redirect URI is registered for a single-page application or a public client. It belongs under the platform Web.'

/** The kind of the first number that has one; `undefined` where the numbers decide nothing. */
export function kindByNumber(numbers: readonly number[]): TokenErrorKind | undefined {
  return numbers.map((number) => meaningOf(number)?.[0]).find((kind) => kind != null) ?? undefined
}

/** The explanation for an AADSTS number; `undefined` for a number that is not listed. */
export function wordingByNumber(number: number | undefined): Wording | undefined {
  return meaningOf(number)?.[1]
}

function meaningOf(number: number | undefined) {
  return MEANINGS.find(([, , ...numbers]) => number !== undefined && numbers.includes(number))
}
