import * as v from 'valibot'
import type { MicrosoftSettings } from './issuer.ts'
import { isMicrosoftOrigin } from './microsoft-hosts.ts'
import { isLoopback, NEEDS_TOKENS, type Variables } from './variables.ts'

/** A chat app that signs people in at Entrada by OpenID Connect, with a secret of its own. */
export interface OidcClient {
  readonly id: string
  /** Any of them authenticates the client, so that a secret is rotated without downtime. */
  readonly secrets: readonly string[]
  /** Compared character by character (RFC 9700 §4.1.3). */
  readonly redirectUris: readonly string[]
  /** Origins of Graph or SharePoint hosts for which the client may get a person's tokens; usually none. */
  readonly resources: readonly string[]
  /** Whether `email_verified` is `true`; some clients accept no other addresses. The operator vouches for it. */
  readonly emailVerified: boolean
}

/**
 * One secret or several, separated by commas. A list is for secrets that contain commas. Secrets are compared and
 * never stretched, so they must be long.
 */
const Secrets = v.pipe(
  v.union([
    v.array(v.string()),
    v.pipe(
      v.string(),
      v.transform((secrets) => secrets.split(',')),
    ),
  ]),
  v.minLength(1),
  v.everyItem((secret) => /^[\x21-\x7e]{32,}$/.test(secret)),
)

const FIX =
  'Store [{"client_id":"…","client_secret":"…","redirect_uris":["https://…"],"resources":[],"email_verified":false}]; a secret has 32 characters or more; a redirect URI is https without a fragment; a resource is the origin of Graph or of a SharePoint host'

const RedirectUri = v.pipe(
  v.string(),
  v.check(isRedirectUri, 'is not an https URL without a fragment'),
)

const Client = v.strictObject({
  client_id: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,200}$/)),
  client_secret: Secrets,
  redirect_uris: v.pipe(v.array(RedirectUri), v.minLength(1)),
  resources: v.optional(v.array(v.string()), []),
  email_verified: v.optional(v.boolean(), false),
})

/** Reads `OIDC_CLIENTS`; without clients Entrada is no OpenID provider. */
export function readOidcClients(
  variables: Variables,
  microsoft: MicrosoftSettings | null,
  reuseTokens: boolean,
): readonly OidcClient[] {
  const name = 'OIDC_CLIENTS'
  const clients = (variables.json(name, v.array(Client), FIX) ?? []).map((client) => ({
    id: client.client_id,
    secrets: client.client_secret,
    redirectUris: client.redirect_uris,
    resources: client.resources,
    emailVerified: client.email_verified,
  }))
  if (new Set(clients.map(({ id }) => id)).size !== clients.length) {
    variables.problem(name, 'lists a client_id twice', FIX)
  }
  const resources = clients.flatMap(({ resources: own }) => own)
  if (resources.length > 0 && !reuseTokens) {
    variables.problem(
      name,
      `has resources and therefore ${NEEDS_TOKENS}`,
      'Leave out OPENID_REUSE_TOKENS, or the resources',
    )
  }
  for (const resource of resources) {
    if (microsoft === null || !isMicrosoftOrigin(resource, microsoft)) {
      variables.problem(name, `names the resource ${resource}, which is not Microsoft’s`, FIX)
    }
  }
  return clients
}

function isRedirectUri(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || text.includes('#') || `${url.username}${url.password}` !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}
