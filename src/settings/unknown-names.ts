import { LEAVE_OUT, type Variables } from './variables.ts'

/** LibreChat's own, without a meaning here: an `.env` that is carried over may hold them. */
const LIBRECHAT_NAMES =
  /^OPENID_(?:AUDIENCE|AUTO_REDIRECT|AVATAR_AUTHORIZED_ORIGINS|BUTTON_LABEL|CLOCK_TOLERANCE|DISCOVERY_RETRY_\w+|GENERATE_NONCE|IMAGE_URL|JWKS_URL_CACHE_\w+|NAME_CLAIM|ON_BEHALF_FLOW_\w+|REFRESH_AUDIENCE|REUSE_MAX_SESSION_AGE_MS|ROLE_SYNC_\w+|USERNAME_CLAIM|USE_PKCE)$/

/** Reports every name that looks like ours and was not asked for: a typo is a problem, not silence. */
export function reportUnknownNames(variables: Variables): void {
  for (const name of variables.names) {
    if (!/^(?:OPENID|SHAREPOINT|ENTRA)_/.test(name) || variables.asked.has(name)) continue
    if (LIBRECHAT_NAMES.test(name)) {
      variables.warnings.push(`${name} has no effect here`)
      continue
    }
    const nearest = nearestName(name, variables.asked)
    const fix = nearest === null ? LEAVE_OUT : `Did you mean ${nearest}?`
    variables.problem(name, 'is not a setting of Entrada', fix)
  }
}

/** The known name a slip or two away, to name the fix. */
function nearestName(name: string, known: Iterable<string>): string | null {
  const near = Array.from(known, (one) => ({ one, distance: distance(name, one) }))
  const [nearest] = near.sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= 4 ? nearest.one : null
}

/** Neighbouring letters that the other name does not have; two that changed places make three. */
function distance(name: string, other: string): number {
  const pairs = Array.from(name, (_, index) => name.slice(index, index + 2))
  const strange = pairs.filter((pair) => !other.includes(pair))
  return strange.length + Math.abs(name.length - other.length)
}
