import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import type { Session } from './session.ts'

/** Whether a user has a feature: `on`, `off` by settings, or what is missing. */
export type FeatureAccess = 'on' | 'off' | 'consent_needed' | 'interaction_needed' | 'unavailable'

/** Each Microsoft feature and whether this user has it, as `GET /.entrada/session` shows it. */
export type Features = Readonly<Record<'people' | 'groups' | 'files', FeatureAccess>>

/**
 * Asks for a Graph token and derives each feature from its scopes, because only a token shows what has been
 * consented to. Without a token, the failure tells what is missing, the same for each feature.
 * @param accessBy each feature's own rule over granted scopes
 */
export async function featuresOf(
  session: Session,
  settings: Settings,
  accessBy: (grantedScopes: readonly string[]) => Features,
): Promise<Features> {
  if (settings.issuer.microsoft === null || !settings.reuseTokens) return allFeatures('off')
  try {
    const { scopes } = await session.accessToken('graph')
    return accessBy(scopes)
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    return allFeatures(missingFor(cause))
  }
}

function missingFor({ code }: EntradaFailure): FeatureAccess {
  if (code === 'consent_required' || code === 'admin_consent_required') return 'consent_needed'
  return code === 'interaction_required' ? 'interaction_needed' : 'unavailable'
}

function allFeatures(access: FeatureAccess): Features {
  return { people: access, groups: access, files: access }
}
