import type { TokenErrorKind } from './token-error.ts'

/** In which words a number is explained to people. Words only: what happens next goes by the kind. */
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
 * What Microsoft's error numbers mean where `error` and `suberror` leave it open: `invalid_grant` alone says
 * that the grant is over, which signs people out, and comes with many numbers that say otherwise. A number
 * that is not here changes nothing, because Microsoft keeps the right to change them; nor does one without a
 * kind, but for the words.
 */
const MEANINGS: readonly (readonly [TokenErrorKind | null, Wording, ...number[]])[] = [
  ['loop', 'loop', 50196],
  // Multi-factor, proofs, terms of use: the person can do something.
  ['interaction', 'interaction', 50058, 50072, 50074, 50076, 50078, 50079, 50158, 53004],
  ['interaction', 'wrong_account', 16000],
  [null, 'interaction', 50085, 50089, 70043, 700082, 700084],
  [null, 'password', 50055, 50132, 50133, 50144, 50173],
  [null, 'declined', 65004],
  ['policy', 'policy', 50131, 53003, 530032, 530035],
  ['policy', 'other_tenant', 500212, 500213],
  // Managed and compliant devices: nothing a redemption by a server could ever meet.
  ['policy', 'device', 50097, 50129, 50155, 50187, 53000, 53001, 53002, 53010],
  // Disabled, locked, at risk, deleted, not in this tenant, not assigned.
  ['account', 'account', 50053, 50057, 50135, 53011, 500341],
  ['account', 'wrong_account', 16003, 50014, 50020, 50034, 51004, 90072],
  ['account', 'not_assigned', 50105],
  ['consent', 'consent', 65001],
  ['admin_consent', 'admin_consent', 90094, 90095],
  // Our secret, certificate or app: nobody is signed out for it.
  ['client', 'client', 50012, 70002, 70021, 700027, 700030, 7000215, 7000218, 7000222],
  ['client', 'request', 70001, 700011, 700016, 1000031, 7000112],
  ['client', 'platform', 700025],
  ['request', 'platform', 9002325, 9002327],
  ['request', 'request', 28000, 28002, 28003, 50011, 50194, 70011, 90009, 90124, 90130, 500011],
  ['request', 'request', 650052, 650057, 700022, 900971, 9001023, 9002326, 9002332],
  ['request', 'wrong_account', 500208],
  ['request', 'other_cloud', 90002, 90038, 900382, 900432],
  // A code that was used or has expired.
  [null, 'gone', 50147, 54005, 70000, 70008, 501481, 501491, 700005],
  ['unavailable', 'unavailable', 50033, 50087, 50088, 90006, 90012, 90024, 90033, 90055, 90090],
]

/** What AADSTS9002325, 9002327 and 700025 come down to, for people and for operators. */
export const WRONG_PLATFORM =
  'The redirect URI is registered for a single-page application or a public client. It belongs under the platform Web.'

export function kindByNumber(codes: readonly number[]): TokenErrorKind | undefined {
  return codes.map((code) => meaningOf(code)?.[0]).find((kind) => kind != null) ?? undefined
}

export function wordingByNumber(code: number | undefined): Wording | undefined {
  return meaningOf(code)?.[1]
}

function meaningOf(number: number | undefined) {
  return MEANINGS.find(([, , ...numbers]) => number !== undefined && numbers.includes(number))
}
