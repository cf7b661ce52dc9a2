/** One kind of line in the log. */
interface EventDescription {
  readonly level: 'audit' | 'info' | 'warn' | 'error'
  /** Besides `level`, `event`, `requestId` and, at level `error`, `cause`. A field may be absent. */
  readonly fields: readonly string[]
  /** What happened. */
  readonly when: string
  /** Who should do what. */
  readonly act: string
}

/**
 * Every event that the log may hold. `src/log.ts` takes its types from here, so that an event or a field that is
 * not listed does not compile; `npm run events` writes `docs/events.md` from it. Only types reach the Worker's
 * script. Names and fields are read by operators' queries: a rename is a breaking change.
 */
export const EVENTS = {
  client_credentials_refused: {
    level: 'error',
    fields: ['kind', 'aadsts', 'correlationId', 'userId', 'sessionId'],
    when: 'Microsoft refused the client secret or certificate at a token refresh.',
    act: 'Operator, now: replace the credential (docs/secret-rotation.md).',
  },
  end_session_unavailable: {
    level: 'error',
    fields: [],
    when: 'A user signed out here, but the address of the issuer’s sign-out was not available.',
    act: 'Operator, if it repeats: check that the issuer is reachable.',
  },
  file_downloaded: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'file', 'result', 'bytes'],
    when: 'A download ended, completely or not. `file` is a fingerprint of the item’s ids, `result` how it ended.',
    act: 'Nobody.',
  },
  membership_lost: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'sessionId'],
    when: 'A recheck found that the user is no longer a member; the session ended.',
    act: 'Nobody.',
  },
  membership_unknown: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'sessionId', 'reason', 'at', 'rule', 'ended'],
    when: 'Membership could not be read, at a sign-in or a recheck (`at`). `ended` tells whether the session ended.',
    act: 'Operator, if it repeats: `reason` names the missing permission or the failure.',
  },
  misconfigured: {
    level: 'error',
    fields: ['report'],
    when: 'A request arrived while settings are missing or invalid; it got 503.',
    act: 'Operator, now: correct what `report` lists.',
  },
  not_ready: {
    level: 'error',
    fields: ['dependency', 'failure'],
    when: 'A binding did not answer the readiness probe or the setup check within five seconds.',
    act: 'Operator, if it repeats: check that binding and Cloudflare’s status page.',
  },
  oidc_code_issued: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'clientId'],
    when: 'A chat app from `OIDC_CLIENTS` got an authorization code.',
    act: 'Nobody.',
  },
  oidc_code_replayed: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'clientId'],
    when: 'A code was redeemed a second time; the tokens of the first redemption were revoked.',
    act: 'Operator: find out whether the client repeats requests or a code was stolen.',
  },
  oidc_resource_token_issued: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'clientId', 'resource'],
    when: 'A chat app’s server got an access token of Microsoft for one resource.',
    act: 'Nobody.',
  },
  picker_token_issued: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'resource', 'result'],
    when: 'A page asked for a SharePoint token; `result` is `issued` or the code of the failure.',
    act: 'Nobody.',
  },
  refresh_refused: {
    level: 'audit',
    fields: ['kind', 'aadsts', 'correlationId', 'userId', 'sessionId'],
    when: 'Microsoft refused to refresh a token. With `kind` `gone` or `account` the session ended.',
    act: 'The user signs in again or consents. Operator, if many at once: look up `aadsts`.',
  },
  refused_membership: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'reason', 'at'],
    when: 'A user whom the rules do not admit tried to sign in; `reason` says which rule.',
    act: 'Operator, if the user asks: see docs/membership.md.',
  },
  request_failed: {
    level: 'error',
    fields: ['code', 'reason', 'kid', 'keysAt', 'issuerSeen', 'issuerExpected'],
    when: 'A request ended with a status of 500 or above. The last four fields are as in `sign_in_refused`.',
    act: 'Operator, for code `internal` or if it repeats: search for the `requestId` of the error page.',
  },
  request_refused: {
    level: 'info',
    fields: ['code', 'reason'],
    when: 'A request was refused, usually with a status from 400 to 499.',
    act: 'Operator, only if there are very many.',
  },
  sessions_ended: {
    level: 'audit',
    fields: ['userId', 'count'],
    when: 'A user ended sessions of their own from the list.',
    act: 'Nobody.',
  },
  sessions_ended_by_operator: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'operatorId', 'count'],
    when: 'An operator ended all sessions of a user.',
    act: 'Nobody.',
  },
  set_up_checked: {
    level: 'audit',
    fields: ['userId', 'failed'],
    when: 'An operator ran the setup check; `failed` names the checks that failed.',
    act: 'Operator who ran it: the page says what to do.',
  },
  setting: {
    level: 'warn',
    fields: ['warning'],
    when: 'An isolate started with a setting that has no effect or is risky.',
    act: 'Operator: change the setting that `warning` names.',
  },
  sign_in_refused: {
    level: 'audit',
    fields: ['code', 'aadsts', 'correlationId', 'kid', 'keysAt', 'issuerSeen', 'issuerExpected'],
    when: 'A callback created no session, for another reason than membership. With `identity_rejected`, the last four fields name the unknown key or the two issuers.',
    act: 'Operator, if many: look up `aadsts`, or `correlationId` in Entra’s sign-in log.',
  },
  signed_in: {
    level: 'audit',
    fields: ['userId', 'tenantId', 'sessionId'],
    when: 'A sign-in created a session.',
    act: 'Nobody.',
  },
  signed_out: {
    level: 'audit',
    fields: ['userId', 'tenantId'],
    when: 'A user signed out.',
    act: 'Nobody.',
  },
  signed_out_by_notice: {
    level: 'audit',
    fields: ['channel', 'count'],
    when: 'The issuer reported a sign-out, by `front` or `back` channel, and `count` sessions ended.',
    act: 'Nobody.',
  },
} as const satisfies Readonly<Record<string, EventDescription>>

type Events = typeof EVENTS

/** Names of the events of one level. */
export type EventName<Level extends EventDescription['level']> = {
  [Name in keyof Events]: Events[Name]['level'] extends Level ? Name : never
}[keyof Events]

/** Fields of an event. Flat and few: what is not a field cannot leak. */
export type EventFields<Name extends keyof Events> = Readonly<
  Partial<Record<Events[Name]['fields'][number], string | number | boolean | null | undefined>>
>
