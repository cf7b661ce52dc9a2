/**
 * The failures of Microsoft's services that the sandbox simulates. All are off at first. A fault stays on until it
 * is cleared; with `times` it applies to that many matching requests.
 */
export const FAULTS = {
  'entra.outage': 'discovery, keys, authorize and token answer 503',
  'entra.discovery_outage': 'discovery and keys answer 503, the rest works',
  'entra.token_slow': 'the token endpoint answers after `delayMs`',
  'entra.token_hang': 'the token endpoint never answers',
  'entra.token_server_error': 'the token endpoint answers 500 with an HTML body',
  'entra.token_throttled': 'the token endpoint answers 429 with Retry-After',
  'entra.token_malformed': 'the token endpoint answers 200 with a body that is not JSON',
  'entra.wrong_secret': 'every client secret is refused, AADSTS7000215',
  'entra.secret_expired': 'every client secret has expired, AADSTS7000222',
  'entra.session_revoked': 'refresh: AADSTS50173, the grant was revoked',
  'entra.grant_expired': 'refresh: AADSTS700082, expired by inactivity',
  'entra.sign_in_frequency': 'refresh: AADSTS70043, suberror token_expired',
  'entra.user_disabled': 'refresh and sign-in: AADSTS50057',
  'entra.conditional_access':
    'token: interaction_required AADSTS50076 with a claims challenge until it is met interactively',
  'entra.blocked_by_policy': 'token: access_denied AADSTS53003',
  'entra.loop_detected': 'token: AADSTS50196',
  'entra.bad_signature': 'id tokens are signed with a key that is not published',
  'entra.wrong_nonce': 'id tokens carry another nonce',
  'entra.xms_edov_number': 'id tokens say xms_edov as 1 or 0',
  'entra.xms_edov_text': 'id tokens say xms_edov as "1" or "0"',
  'entra.xms_edov_word': 'id tokens say xms_edov as "true" or "false"',
  'entra.no_refresh_token': 'no refresh_token is issued although offline_access was asked for',
  'entra.named_scopes_only': 'a code brings a token with the scopes that were named and no others',
  'graph.outage': 'every Graph call answers 503',
  'graph.throttled': 'every Graph call answers 429 with Retry-After (inside a batch: per part)',
  'graph.slow': 'every Graph call answers after `delayMs`',
  'graph.hang': 'Graph never answers',
  'graph.people_outage': '/me/people answers 503, the rest works',
  'graph.people_missing': '/me/people does not exist (21Vianet)',
  'graph.claims_challenge': 'Graph answers 401 insufficient_claims with a claims challenge',
  'graph.token_rejected': 'Graph answers 401 InvalidAuthenticationToken',
  'graph.partial_page': 'the second page of any collection answers 500',
  'files.locked': 'content answers 423',
  'files.malware': 'every file carries the malware facet and content answers 403 malwareDetected',
  'files.access_denied': 'every drive item answers 403 accessDenied',
  'files.blocked_by_policy':
    'content answers 403 with inner code blockedByPolicy: unmanaged device',
  'files.foreign_redirect': 'content redirects to a host outside Microsoft',
  'files.http_redirect': 'content redirects to a plain http host',
  'files.ip_redirect': 'content redirects to an address literal',
  'files.chained_redirect': 'content redirects once more on the download host',
  'files.bytes_from_graph':
    'content answers 200 with the bytes, or 206 to a Range, instead of a redirect',
  'files.cut': 'the download connection breaks at 40 % of the bytes',
  'files.range_ignored': 'the download host answers 200 with everything to a Range request',
  'files.slow': 'the download host sends slowly',
  'files.url_expired': 'the pre-authenticated URL is refused, 401 with an HTML page',
  'picker.blank': 'FilePicker.aspx refuses to be framed although the token is right',
  'picker.silent': 'FilePicker.aspx never sends initialize',
  'picker.claims_challenge':
    "SharePoint's file API answers the picker 401 insufficient_claims with a claims challenge",
  'picker.hostile': 'the picker page also posts forged messages to its host',
} as const

export type FaultName = keyof typeof FAULTS

export interface FaultSetting {
  /** Requests it still applies to; `Infinity` until it is cleared. */
  readonly times: number
  readonly delayMs?: number
  readonly retryAfterSeconds?: number
  /** Limits the fault to one user (object id). */
  readonly userId?: string
}

export class Faults {
  readonly #on = new Map<FaultName, FaultSetting>()

  set(name: FaultName, setting: Partial<FaultSetting> = {}): void {
    this.#on.set(name, { times: Number.POSITIVE_INFINITY, ...setting })
  }

  clear(name?: FaultName): void {
    if (name === undefined) this.#on.clear()
    else this.#on.delete(name)
  }

  /** The faults that are on, for the switchboard. */
  list(): ReadonlyMap<FaultName, FaultSetting> {
    return this.#on
  }

  /** A handler calls this where it could fail. Counts down; `null` means: answer correctly. */
  take(name: FaultName, userId?: string): FaultSetting | null {
    const setting = this.#on.get(name)
    if (setting === undefined) return null
    if (setting.userId !== undefined && setting.userId !== userId) return null
    if (setting.times <= 1) this.#on.delete(name)
    else this.#on.set(name, { ...setting, times: setting.times - 1 })
    return setting
  }
}

export function isFaultName(value: string): value is FaultName {
  return Object.hasOwn(FAULTS, value)
}
