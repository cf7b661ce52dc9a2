import type { RefusalKind } from './refusal.ts'

/**
 * What Microsoft's error numbers mean where `error` and `suberror` leave it open: `invalid_grant` alone says
 * that the grant is over, which signs people out, and comes with many numbers that say otherwise. A number
 * that is not here changes nothing, because Microsoft keeps the right to change them.
 */
const KINDS: ReadonlyMap<number, RefusalKind> = new Map([
  ...numbers('loop', 50196),
  // Multi-factor, proofs, terms of use: the person can do something.
  ...numbers('interaction', 16000, 50058, 50072, 50074, 50076, 50078, 50079, 50158, 53004),
  ...numbers('policy', 53003, 530032, 530035, 50131, 500212, 500213),
  // Managed and compliant devices: nothing a redemption by a server could ever meet.
  ...numbers('policy', 50097, 50129, 50155, 50187, 53000, 53001, 53002, 53010),
  // Disabled, locked, at risk, deleted, not in this tenant, not assigned.
  ...numbers('account', 50053, 50057, 50135, 53011, 500341),
  ...numbers('account', 16003, 50014, 50020, 50034, 50105, 51004, 90072),
  ...numbers('consent', 65001),
  ...numbers('admin_consent', 90094, 90095),
  // Our secret, certificate or app: nobody is signed out for it.
  ...numbers('client', 70002, 70021, 50012, 700025, 700027, 700030, 7000215, 7000218, 7000222),
  ...numbers('client', 70001, 700011, 700016, 1000031, 7000112),
  ...numbers('request', 28000, 28002, 28003, 50011, 50194, 70011, 90002, 90009, 90124, 90130),
  ...numbers('request', 500011, 500208, 650052, 650057, 700022, 900971, 9001023, 9002332),
  ...numbers('request', 9002325, 9002326, 9002327, 90038, 900382, 900432),
  ...numbers('unavailable', 50033, 50087, 50088, 90006, 90012, 90024, 90033, 90055, 90090),
])

/** What AADSTS9002325, 9002327 and 700025 come down to, for people and for operators. */
export const WRONG_PLATFORM =
  'The redirect URI is registered for a single-page application or a public client. It belongs under the platform Web.'

/** `null` where the numbers add nothing. */
export function kindByNumber(codes: readonly number[]): RefusalKind | null {
  return codes.map((code) => KINDS.get(code)).find((kind) => kind !== undefined) ?? null
}

function numbers(
  kind: RefusalKind,
  ...codes: readonly number[]
): readonly (readonly [number, RefusalKind])[] {
  return codes.map((code) => [code, kind])
}
