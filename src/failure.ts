/**
 * Every way a request can fail: HTTP status, kind of remedy, and title. The code is stable, because chats, page
 * scripts and alarms branch on it. The kind of remedy decides which next step a page offers.
 */
export const FAILURES = {
  misconfigured: failing(503, 'operator', 'This service is misconfigured'),
  not_found: failing(404, 'user', 'There is nothing at this address'),
  wrong_host: failing(421, 'user', 'This address is not served here'),
  method_not_allowed: failing(405, 'user', 'This address does not accept that method'),
  invalid_request: failing(400, 'user', 'This request is invalid'),
  body_too_large: failing(413, 'user', 'This request is too large'),
  cross_site_refused: failing(403, 'user', 'A request from another site was refused'),
  rate_limited: failing(429, 'wait', 'Too many requests'),
  internal: failing(500, 'operator', 'Something went wrong here'),

  session_required: failing(401, 'sign_in', 'Sign in to continue'),
  interaction_required: failing(401, 'sign_in', 'Microsoft asks you to sign in again'),
  sign_in_expired: failing(400, 'sign_in', 'This sign-in attempt has expired'),
  sign_in_loop: failing(400, 'sign_in', 'Sign-in keeps starting over'),
  sign_in_refused: failing(403, 'user', 'Microsoft did not sign you in'),
  wrong_account: failing(403, 'switch_account', 'This account does not belong here'),
  not_assigned: failing(403, 'administrator', 'This account is not assigned to this app'),
  blocked_by_policy: failing(403, 'administrator', 'A policy of your organisation blocks this'),
  account_disabled: failing(403, 'administrator', 'This account is disabled, locked or at risk'),
  not_a_member: failing(403, 'administrator', 'You do not have access to this chat'),
  no_address: failing(403, 'administrator', 'Your account has no e-mail address for this chat'),
  membership_unknown: failing(503, 'wait', 'We could not check whether you have access'),
  identity_rejected: failing(
    502,
    'operator',
    'The sign-in service sent a response that failed verification',
  ),
  registration_rejected: failing(502, 'operator', 'The sign-in service does not accept this app'),
  sign_in_unavailable: failing(503, 'wait', 'The sign-in service did not answer'),
  client_refused: failing(401, 'operator', 'This client is not registered here'),
  operator_required: failing(403, 'user', 'Only operators may do this'),

  consent_required: failing(403, 'consent', 'This feature needs your permission'),
  admin_consent_required: failing(
    403,
    'administrator',
    'An administrator has to approve this first',
  ),
  feature_off: failing(404, 'operator', 'This feature is switched off'),

  graph_throttled: failing(429, 'wait', 'Microsoft 365 asked us to wait'),
  graph_unavailable: failing(503, 'wait', 'Microsoft 365 did not answer'),
  graph_refused: failing(403, 'user', 'Microsoft 365 refused this request'),
  graph_not_found: failing(404, 'user', 'Microsoft 365 did not find this'),
  graph_unexpected: failing(502, 'operator', 'Microsoft 365 sent an unexpected response'),

  file_not_found: failing(404, 'user', 'The file has been moved or deleted, or is hidden from you'),
  file_forbidden: failing(403, 'user', 'You may not open this file'),
  file_not_downloadable: failing(422, 'user', 'This item is not a file that can be downloaded'),
  file_infected: failing(403, 'user', 'This file contains malware and cannot be opened'),
  file_protected: failing(403, 'user', 'A sensitivity label or a password protects this file'),
  file_locked: failing(423, 'wait', 'This file is locked right now'),
  file_changed: failing(409, 'wait', 'This file changed while it was being read'),
  file_too_large: failing(413, 'user', 'This file is larger than allowed'),
  too_many_files: failing(413, 'user', 'Too many files at once'),
  file_blocked_by_policy: failing(
    403,
    'administrator',
    'Your organisation does not let apps read this file',
  ),
  file_not_convertible: failing(406, 'user', 'This file cannot be converted to that format'),
  range_not_satisfiable: failing(416, 'user', 'The requested range is outside the file'),
  download_host_refused: failing(502, 'operator', 'The file is on a host we do not trust'),
  download_failed: failing(502, 'wait', 'The file could not be fetched'),
  sharepoint_not_found: failing(404, 'administrator', 'Your account has no OneDrive or SharePoint'),
  picker_host_refused: failing(403, 'user', 'This is not a SharePoint host of your organisation'),

  origin_unreachable: failing(502, 'wait', 'The chat service did not answer'),
  origin_timeout: failing(504, 'wait', 'The chat service took too long to answer'),
}

/** Who can remedy a failure, or how. */
export type Turn =
  | 'user'
  | 'sign_in'
  | 'switch_account'
  | 'consent'
  | 'administrator'
  | 'operator'
  | 'wait'

/** Stable name of a failure, e.g. `session_required`. */
export type FailureCode = keyof typeof FAILURES

function failing(status: number, turn: Turn, title: string) {
  return { status, turn, title }
}

/** What is known about one failure, beyond its code. */
export interface FailureDetails {
  /** Public sentence about this case. Never text of Microsoft or of the chat app. */
  readonly detail?: string | undefined
  /** Seconds the caller should wait. */
  readonly retryAfter?: number | undefined
  /** Microsoft's error number, e.g. 50105. For help desks; code must not branch on it. */
  readonly aadsts?: number | undefined
  /** Microsoft's correlation id of the failed call. */
  readonly correlationId?: string | undefined
  /** Address where the operator explains how to get access. */
  readonly helpUrl?: string | undefined
  /** Fixed word for the log, where one code has several causes. Not shown. */
  readonly reason?: string
  /** Public values for the log that an operator compares, such as an issuer or a `kid`. */
  readonly facts?: Readonly<Record<string, string>>
  /** Feature to ask consent for. `http/problem.ts` makes the URL. */
  readonly consentFeature?: string | undefined
  /** Origin of the SharePoint host without consent, where it is not Graph. */
  readonly consentResource?: string
  /** Claims challenge (JSON) that an interactive sign-in has to satisfy. */
  readonly claims?: string | undefined
  /** Path to return to, where it is not the path of the failed request. */
  readonly returnTo?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Logged by class and code only, not shown. */
  readonly cause?: unknown
}

/** An expected failure of a request. Everything except `cause`, `reason` and `facts` may be shown. */
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
