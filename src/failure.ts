/**
 * Every way a request can fail, once. The code is the stable part: chats, kits and alarms branch on it.
 * `turn` says whose move it is, so that a page can end with the one thing to do next.
 */
export const FAILURES = {
  misconfigured: {
    status: 503,
    title: 'This service is not configured correctly',
    turn: 'operator',
  },
  not_found: { status: 404, title: 'There is nothing at this address', turn: 'user' },
  wrong_host: { status: 421, title: 'This address is not served here', turn: 'user' },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method',
    turn: 'user',
  },
  invalid_request: { status: 400, title: 'The request could not be understood', turn: 'user' },
  cross_site_refused: {
    status: 403,
    title: 'A request from another site was refused',
    turn: 'user',
  },
  rate_limited: { status: 429, title: 'Too many requests in a short time', turn: 'wait' },
  internal: { status: 500, title: 'Something went wrong here', turn: 'operator' },

  session_required: { status: 401, title: 'Sign in to continue', turn: 'sign_in' },
  interaction_required: {
    status: 401,
    title: 'Microsoft asks you to sign in again',
    turn: 'sign_in',
  },
  sign_in_expired: { status: 400, title: 'This sign-in attempt has expired', turn: 'sign_in' },
  sign_in_loop: { status: 400, title: 'Sign-in keeps starting over', turn: 'sign_in' },
  sign_in_refused: { status: 403, title: 'Microsoft did not sign you in', turn: 'user' },
  wrong_account: {
    status: 403,
    title: 'This account does not belong here',
    turn: 'switch_account',
  },
  not_assigned: {
    status: 403,
    title: 'Your account has not been given access',
    turn: 'administrator',
  },
  blocked_by_policy: {
    status: 403,
    title: 'A policy of your organisation blocks this',
    turn: 'administrator',
  },
  account_disabled: {
    status: 403,
    title: 'This account is disabled or locked',
    turn: 'administrator',
  },
  not_a_member: {
    status: 403,
    title: 'You do not have access to this chat',
    turn: 'administrator',
  },
  membership_unknown: {
    status: 503,
    title: 'We could not check whether you have access',
    turn: 'wait',
  },
  identity_rejected: {
    status: 502,
    title: 'The answer from the sign-in service could not be trusted',
    turn: 'operator',
  },
  registration_rejected: {
    status: 502,
    title: 'The sign-in service does not accept this app',
    turn: 'operator',
  },
  sign_in_unavailable: { status: 503, title: 'The sign-in service did not answer', turn: 'wait' },
  operator_required: { status: 403, title: 'Only operators may do this', turn: 'user' },

  consent_required: { status: 403, title: 'This feature needs your permission', turn: 'consent' },
  admin_consent_required: {
    status: 403,
    title: 'This feature needs an administrator’s permission',
    turn: 'administrator',
  },
  feature_off: { status: 404, title: 'This feature is switched off', turn: 'operator' },

  graph_throttled: { status: 429, title: 'Microsoft 365 asked us to wait', turn: 'wait' },
  graph_unavailable: { status: 503, title: 'Microsoft 365 did not answer', turn: 'wait' },
  graph_refused: { status: 403, title: 'Microsoft 365 refused this request', turn: 'user' },
  graph_not_found: { status: 404, title: 'Microsoft 365 knows nothing by that name', turn: 'user' },
  graph_unexpected: {
    status: 502,
    title: 'Microsoft 365 gave an answer we do not understand',
    turn: 'operator',
  },

  file_not_found: {
    status: 404,
    title: 'The file has been moved or deleted, or is hidden from you',
    turn: 'user',
  },
  file_forbidden: { status: 403, title: 'You may not open this file', turn: 'user' },
  file_not_downloadable: {
    status: 422,
    title: 'This item is not a file that can be downloaded',
    turn: 'user',
  },
  file_infected: {
    status: 403,
    title: 'This file contains malware and cannot be opened',
    turn: 'user',
  },
  file_protected: {
    status: 403,
    title: 'This file is protected by a sensitivity label or a password',
    turn: 'user',
  },
  file_locked: { status: 423, title: 'This file is locked right now', turn: 'wait' },
  file_changed: { status: 409, title: 'This file changed while it was being read', turn: 'wait' },
  file_too_large: { status: 413, title: 'This file is larger than allowed', turn: 'user' },
  too_many_files: { status: 413, title: 'More files than allowed at once', turn: 'user' },
  file_blocked_by_policy: {
    status: 403,
    title: 'A policy of your organisation keeps this file from apps',
    turn: 'administrator',
  },
  file_not_convertible: {
    status: 406,
    title: 'This file cannot be converted to that format',
    turn: 'user',
  },
  range_not_satisfiable: { status: 416, title: 'The file does not have those bytes', turn: 'user' },
  download_host_refused: {
    status: 502,
    title: 'The file is on a host we do not trust',
    turn: 'operator',
  },
  download_failed: { status: 502, title: 'The file could not be fetched', turn: 'wait' },
  sharepoint_not_found: {
    status: 404,
    title: 'Your account has no OneDrive and no SharePoint',
    turn: 'administrator',
  },
  picker_host_refused: {
    status: 403,
    title: 'That is not a SharePoint host of your organisation',
    turn: 'user',
  },

  origin_unreachable: { status: 502, title: 'The chat service did not answer', turn: 'wait' },
  origin_timeout: { status: 504, title: 'The chat service took too long to answer', turn: 'wait' },
} as const satisfies Record<string, { status: number; title: string; turn: Turn }>

/** Whose move it is after a failure. */
export type Turn =
  | 'user'
  | 'sign_in'
  | 'switch_account'
  | 'consent'
  | 'administrator'
  | 'operator'
  | 'wait'

export type FailureCode = keyof typeof FAILURES

export interface FailureDetails {
  /** Public sentence: what happened in this case. Never upstream text. */
  readonly detail?: string | undefined
  /** Seconds the caller should wait. */
  readonly retryAfter?: number | undefined
  /** Number of Microsoft's error, e.g. 50105. For help desks; never branched on. */
  readonly aadsts?: number | undefined
  /** Microsoft's correlation id of the failed call. */
  readonly correlationId?: string | undefined
  /** Where the operator says how to get access. */
  readonly helpUrl?: string | undefined
  /** Fixed word for the log, where one code has several causes. Never shown. */
  readonly reason?: string
  /** Feature to ask consent for; the renderer makes the URL. */
  readonly consentFeature?: string | undefined
  /** Origin of the SharePoint host that consent is missing for, where it is not Graph. */
  readonly consentResource?: string
  /** Claims challenge to meet interactively; the renderer makes the login URL. */
  readonly claims?: string | undefined
  /** Where the person was going, when that is not the address that failed. A path of ours. */
  readonly returnTo?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Logged by name and code only, never shown. */
  readonly cause?: unknown
}

/** An expected way for a request to fail. Everything in it but `cause` may be shown. */
export class EntradaFailure extends Error {
  override readonly name = 'EntradaFailure'
  readonly code: FailureCode
  readonly details: FailureDetails

  constructor(code: FailureCode, details: FailureDetails = {}) {
    super(code, { cause: details.cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return FAILURES[this.code].status
  }
}
