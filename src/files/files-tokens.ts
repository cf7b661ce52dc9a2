import { EntradaFailure } from '../failure.ts'
import type { GraphTokens } from '../graph/graph.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'

/** Any of these lets Graph hand out files; each opens a different share of them. */
const FILE_SCOPES = /^(?:Files|Sites)\.(?:Read|ReadWrite|Manage|FullControl)(?:\.All)?$/i

/** Whether the operator wants files, and there is a token to get them with. */
export function isFilesOn({ files, issuer, reuseTokens }: Settings): boolean {
  return files.enabled && issuer.microsoft !== null && reuseTokens
}

/** For `GET /.entrada/session`. `grantedScopes` are those of a Graph token. */
export function filesFeature(
  settings: Settings,
  grantedScopes: readonly string[],
): 'on' | 'off' | 'consent_needed' {
  if (!isFilesOn(settings)) return 'off'
  return grantedScopes.some((scope) => FILE_SCOPES.test(scope)) ? 'on' : 'consent_needed'
}

/**
 * Graph tokens for files alone.
 * @throws EntradaFailure `consent_required` before Graph is asked for what the token does not cover
 */
export function filesTokens(session: Session, settings: Settings): GraphTokens {
  return async (options) => {
    const token = await session.accessToken('graph', options).catch((cause: unknown) => {
      throw withFilesConsent(cause)
    })
    if (filesFeature(settings, token.scopes) === 'on') return token
    throw new EntradaFailure('consent_required', { consentFeature: 'files' })
  }
}

/** What Microsoft says about consent when a token is redeemed does not name the feature; we know it. */
export function withFilesConsent(cause: unknown): unknown {
  if (!(cause instanceof EntradaFailure) || cause.code !== 'consent_required') return cause
  return new EntradaFailure(cause.code, { ...cause.details, consentFeature: 'files' })
}
