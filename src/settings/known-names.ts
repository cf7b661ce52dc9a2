/** Every variable Entrada reads. A name with one of our prefixes that is not here is a typo. */
export const SETTING_NAMES: ReadonlySet<string> = new Set([
  'ACCESS_HELP_TEXT',
  'ACCESS_HELP_URL',
  'ALLOWED_EMAIL_DOMAINS',
  'ALLOW_GUESTS',
  'CORS_ORIGINS',
  'CROSS_SITE_ROUTES',
  'DOMAIN_SERVER',
  'ENABLE_SHAREPOINT_FILEPICKER',
  'ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS',
  'KIT_INJECT',
  'LOOKUP_CACHE_SCOPE',
  'LOOKUP_CACHE_SECONDS',
  'MEMBERSHIP_CHECK_SECONDS',
  'MEMBERSHIP_GRACE_SECONDS',
  'MICROSOFT_GRAPH_URL',
  'OIDC_CLIENTS',
  'OPENID_ADMIN_ROLE',
  'OPENID_ADMIN_ROLE_PARAMETER_PATH',
  'OPENID_ADMIN_ROLE_TOKEN_KIND',
  'OPENID_ALLOWED_TENANTS',
  'OPENID_CALLBACK_URL',
  'OPENID_CLIENT_CAPABILITIES',
  'OPENID_CLIENT_CERTIFICATE',
  'OPENID_CLIENT_ID',
  'OPENID_CLIENT_SECRET',
  'OPENID_GRAPH_SCOPES',
  'OPENID_ISSUER',
  'OPENID_MAX_LOGOUT_URL_LENGTH',
  'OPENID_POST_LOGOUT_REDIRECT_URI',
  'OPENID_REQUIRED_ROLE',
  'OPENID_REQUIRED_ROLE_PARAMETER_PATH',
  'OPENID_REQUIRED_ROLE_TOKEN_KIND',
  'OPENID_REUSE_TOKENS',
  'OPENID_SCOPE',
  'OPENID_SESSION_SECRET',
  'OPENID_USE_END_SESSION_ENDPOINT',
  'ORIGIN_CLEAR_COOKIES',
  'ORIGIN_HEADERS',
  'ORIGIN_PRESET',
  'ORIGIN_SECRET',
  'ORIGIN_TIMEOUT_SECONDS',
  'ORIGIN_UPLOAD',
  'ORIGIN_URL',
  'RATE_LIMITS',
  'SESSION_CHECK_SECONDS',
  'SESSION_IDLE_SECONDS',
  'SESSION_MAX_SECONDS',
  'SESSION_POLLING_ROUTES',
  'SHAREPOINT_BASE_URL',
  'SHAREPOINT_HOSTS',
  'SHAREPOINT_MAX_FILES',
  'SHAREPOINT_MAX_FILE_BYTES',
  'SHAREPOINT_PICKER_GRAPH_SCOPE',
  'SHAREPOINT_PICKER_SHAREPOINT_SCOPE',
  'SIGNING_KEYS',
  'SKIP_AUTH_ROUTES',
  'USE_ENTRA_ID_FOR_PEOPLE_SEARCH',
  'WEBSOCKET_SESSION_BOUND',
])

/** LibreChat's own, without a meaning here: an `.env` that is carried over may hold them. */
export const LIBRECHAT_NAMES: ReadonlySet<string> = new Set([
  'OPENID_AUDIENCE',
  'OPENID_AUTO_REDIRECT',
  'OPENID_AVATAR_AUTHORIZED_ORIGINS',
  'OPENID_BUTTON_LABEL',
  'OPENID_CLOCK_TOLERANCE',
  'OPENID_DISCOVERY_RETRY_ATTEMPTS',
  'OPENID_DISCOVERY_RETRY_DELAY_MS',
  'OPENID_EMAIL_CLAIM',
  'OPENID_GENERATE_NONCE',
  'OPENID_IMAGE_URL',
  'OPENID_JWKS_URL_CACHE_ENABLED',
  'OPENID_JWKS_URL_CACHE_TIME',
  'OPENID_NAME_CLAIM',
  'OPENID_ON_BEHALF_FLOW_FOR_USERINFO_REQUIRED',
  'OPENID_ON_BEHALF_FLOW_USERINFO_SCOPE',
  'OPENID_REFRESH_AUDIENCE',
  'OPENID_REUSE_MAX_SESSION_AGE_MS',
  'OPENID_ROLE_SYNC_API_ENABLED',
  'OPENID_ROLE_SYNC_CLAIM',
  'OPENID_ROLE_SYNC_ENABLED',
  'OPENID_ROLE_SYNC_FALLBACK_ROLE',
  'OPENID_ROLE_SYNC_ROLE_PRIORITY',
  'OPENID_ROLE_SYNC_SOURCE',
  'OPENID_USERNAME_CLAIM',
  'OPENID_USE_PKCE',
])

const OUR_PREFIXES = /^(?:OPENID|SHAREPOINT|ENTRA)_/

/** Names that look like ours and are not. */
export function unknownNames(names: readonly string[]): readonly string[] {
  return names.filter(
    (name) => OUR_PREFIXES.test(name) && !SETTING_NAMES.has(name) && !LIBRECHAT_NAMES.has(name),
  )
}

/** The known name one slip away, to name the fix. */
export function nearestName(name: string): string | null {
  let nearest: { name: string; distance: number } | null = null
  for (const known of SETTING_NAMES) {
    const distance = editDistance(name, known)
    if (distance <= 3 && (nearest === null || distance < nearest.distance)) {
      nearest = { name: known, distance }
    }
  }
  return nearest?.name ?? null
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
