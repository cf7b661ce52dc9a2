import { WRONG_PLATFORM } from '../entra/aadsts.ts'
import { kindOf, type Refusal } from '../entra/refusal.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'

/** What one AADSTS number means to the person who reads it. Words only; what happens next never depends on them. */
interface Meaning {
  readonly code: FailureCode
  readonly detail: string
}

const WRONG_ACCOUNT: Meaning = {
  code: 'wrong_account',
  detail:
    'This account is not part of the organisation. You may be signed in to Microsoft with another one.',
}
const NOT_ASSIGNED: Meaning = {
  code: 'not_assigned',
  detail:
    'Your organisation lets only assigned people use this app, and you are not among them yet.',
}
const POLICY: Meaning = {
  code: 'blocked_by_policy',
  detail: 'Your organisation’s Conditional Access policies do not allow this sign-in.',
}
const CROSS_TENANT: Meaning = {
  code: 'blocked_by_policy',
  detail: 'One of the two organisations does not allow accounts of the other to be used here.',
}
const DEVICE: Meaning = {
  code: 'blocked_by_policy',
  detail: 'Your organisation asks for a managed or compliant device.',
}
const REGISTRATION: Meaning = {
  code: 'registration_rejected',
  detail: 'The app registration and this service’s settings do not match.',
}
const PLATFORM: Meaning = { code: 'registration_rejected', detail: WRONG_PLATFORM }
const OTHER_CLOUD: Meaning = {
  code: 'registration_rejected',
  detail: 'The organisation lives in another Microsoft cloud than the one configured here.',
}
const CREDENTIAL: Meaning = {
  code: 'registration_rejected',
  detail: 'The client secret or certificate of this service is wrong or has expired.',
}
const CONSENT: Meaning = {
  code: 'consent_required',
  detail: 'The permissions this app needs have not been granted.',
}
const DECLINED: Meaning = {
  code: 'sign_in_refused',
  detail: 'You declined the permissions this app asks for.',
}
const ADMIN_CONSENT: Meaning = {
  code: 'admin_consent_required',
  detail: 'An administrator of your organisation has to approve this app first.',
}
const ACCOUNT: Meaning = {
  code: 'account_disabled',
  detail: 'Your account is disabled, locked or considered at risk.',
}
const PASSWORD: Meaning = {
  code: 'interaction_required',
  detail: 'Your password has expired or was changed. Microsoft will ask for the new one.',
}
const CONFIRM: Meaning = {
  code: 'interaction_required',
  detail: 'Microsoft needs you to confirm who you are.',
}
const ATTEMPT: Meaning = {
  code: 'sign_in_expired',
  detail: 'The answer of the sign-in service was used already or came too late.',
}
const UNAVAILABLE: Meaning = {
  code: 'sign_in_unavailable',
  detail: 'Microsoft’s sign-in service is not available right now.',
}

const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  ...numbers([16000, 16003, 50014, 50020, 50034, 51004, 90072, 500208], WRONG_ACCOUNT),
  ...numbers([50105], NOT_ASSIGNED),
  ...numbers([53003, 530032, 50131, 530035], POLICY),
  ...numbers([500212, 500213], CROSS_TENANT),
  ...numbers([50097, 50129, 50155, 50187, 53000, 53001, 53002, 53010], DEVICE),
  ...numbers([65001], CONSENT),
  ...numbers([65004], DECLINED),
  ...numbers([90094, 90095], ADMIN_CONSENT),
  ...numbers([50053, 50057, 53011, 50135, 500341], ACCOUNT),
  ...numbers([50055, 50144, 50132, 50133, 50173], PASSWORD),
  ...numbers([50085, 50089, 700082, 700084, 70043], CONFIRM),
  ...numbers([54005, 70000, 70008, 700005, 501481, 50147, 501491], ATTEMPT),
  ...numbers([7000215, 7000222, 7000218, 700027, 70002, 70021, 50012, 700030], CREDENTIAL),
  ...numbers([9002325, 9002327, 700025], PLATFORM),
  ...numbers([50011, 900971, 50194, 90124, 90130, 9001023, 9002332, 9002326], REGISTRATION),
  ...numbers([700016, 500011, 650052, 650057, 70001, 700011, 7000112, 1000031], REGISTRATION),
  ...numbers([28000, 70011, 700022, 28002, 28003], REGISTRATION),
  ...numbers([90002, 90038, 900432, 900382], OTHER_CLOUD),
])

/** An `error` in the authorization response. Its text is Microsoft's or an attacker's: only the number is read. */
export function refusedAuthorization(error: string, description: string): EntradaFailure {
  const aadsts = /^AADSTS(\d{4,8})\b/.exec(description)?.[1]
  const correlationId = /Correlation ID: ([0-9a-f-]{36})/i.exec(description)?.[1]
  const codes = aadsts === undefined ? [] : [Number(aadsts)]
  return refused({
    kind: kindOf(error, '', codes, 400),
    error,
    aadsts: codes[0] ?? null,
    correlationId: correlationId ?? null,
    claims: null,
    retryAfter: null,
  })
}

/** A refused redemption of the code. */
export function refusedRedemption(refusal: Refusal): EntradaFailure {
  return refused(refusal)
}

const CONSENT_CODES: ReadonlySet<FailureCode> = new Set([
  'consent_required',
  'admin_consent_required',
])

function refused({ kind, error, aadsts, correlationId, retryAfter }: Refusal): EntradaFailure {
  const meaning =
    (aadsts === null ? undefined : MEANINGS.get(aadsts)) ?? meaningOfKind(kind, { error, aadsts })
  return new EntradaFailure(meaning.code, {
    detail: meaning.detail,
    ...(CONSENT_CODES.has(meaning.code) ? { consentFeature: 'sign_in' } : {}),
    ...(aadsts === null ? {} : { aadsts }),
    ...(correlationId === null ? {} : { correlationId }),
    ...(retryAfter === null ? {} : { retryAfter }),
  })
}

function meaningOfKind(
  kind: Refusal['kind'],
  { error, aadsts }: Pick<Refusal, 'error' | 'aadsts'>,
): Meaning {
  switch (kind) {
    case 'unavailable':
    case 'loop':
      return UNAVAILABLE
    case 'client':
      return CREDENTIAL
    case 'request':
      return REGISTRATION
    case 'consent':
      return CONSENT
    case 'admin_consent':
      return ADMIN_CONSENT
    case 'account':
      return ACCOUNT
    case 'policy':
      return error === 'access_denied'
        ? { code: 'sign_in_refused', detail: 'The sign-in was cancelled or declined.' }
        : POLICY
    case 'interaction':
      return CONFIRM
    case 'gone':
      // A plain `invalid_grant` is a code that was used or has expired (RFC 6749 §5.2). With a number we do not
      // know it could be anything, and starting over might not help.
      return aadsts === null
        ? ATTEMPT
        : { code: 'sign_in_refused', detail: 'Microsoft gave a reason we do not know.' }
  }
}

function numbers(
  codes: readonly number[],
  meaning: Meaning,
): readonly (readonly [number, Meaning])[] {
  return codes.map((code) => [code, meaning])
}
