import { parseJson } from '../json.ts'
import { createLocalJWKSet, decodeProtectedHeader, type JWTVerifyGetKey } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { isExternalIdHost } from '../settings/clouds.ts'
import { isGuid, type IssuerSettings } from '../settings/issuer.ts'
import { type DocumentStore, RETRY_PAUSE_MS, RemoteDocument } from './remote-document.ts'

/**
 * The metadata of the sign-in service (OpenID Connect Discovery §4), read on first need.
 * Reading throws EntradaFailure `sign_in_unavailable`, or `identity_rejected` when they name another issuer.
 */
export function discoveryDocument(
  issuer: IssuerSettings,
  clientId: string,
  store: DocumentStore,
): RemoteDocument<oauth.AuthorizationServer> {
  return new RemoteDocument(
    metadataUrl(issuer, clientId),
    (text) => readMetadata(issuer, text),
    store,
  )
}

/**
 * The address of the metadata. With `appid` Entra also lists the signing key that an app has of its own; for other
 * apps the parameter changes nothing (access tokens, “Validate the signature”, Microsoft identity platform).
 */
function metadataUrl({ authority, microsoft }: IssuerSettings, clientId: string): string {
  const url = `${withoutSlash(authority.href)}/.well-known/openid-configuration`
  const listsKeysByApp = microsoft !== null || isExternalIdHost(authority.hostname)
  return listsKeysByApp ? `${url}?appid=${encodeURIComponent(clientId)}` : url
}

const Metadata = v.looseObject({ issuer: v.string() })

async function readMetadata(
  issuer: IssuerSettings,
  text: string,
): Promise<oauth.AuthorizationServer> {
  const metadata = parseJson(text, Metadata) ?? { issuer: '' }
  try {
    return await oauth.processDiscoveryResponse(
      expectedIssuer(issuer, metadata.issuer),
      Response.json(metadata),
    )
  } catch (cause) {
    const detail = 'It describes itself as another issuer than OPENID_ISSUER'
    throw issuerMismatch(detail, [metadata.issuer, issuer.authority.href], cause)
  }
}

/**
 * The failure that names both issuers, which are public. A name that is no address is not repeated, because it could
 * contain anything.
 * @param detail what is wrong, without a full stop
 */
export function issuerMismatch(
  detail: string,
  [seen, expected]: readonly [seen: unknown, expected: string],
  cause: unknown,
): EntradaFailure {
  const isAddress = typeof seen === 'string' && /^https?:\/\/[\w.:{}/-]{1,200}$/.test(seen)
  const issuerSeen = isAddress ? seen : 'no address'
  return new EntradaFailure('identity_rejected', {
    detail: `${detail}: “${issuerSeen}” instead of “${expected}”.`,
    facts: { issuerSeen, issuerExpected: expected },
    cause,
  })
}

/** The issuer that the metadata must name (OpenID Connect Discovery §4.3), by how the operator wrote the authority. */
function expectedIssuer(issuer: IssuerSettings, named: string): URL {
  const { authority, kind } = issuer
  if (kind === 'template') return new URL(`${authority.origin}/{tenantid}/v2.0`)
  // The metadata name the tenant's GUID where the operator wrote its domain. A slash at the end does not matter.
  return isIssuer(issuer, named) ? new URL(named) : authority
}

/** Whether an `iss` names the configured issuer. For Entra any tenant's passes: the token itself names the tenant. */
export function isIssuer({ authority, kind }: IssuerSettings, named: string): boolean {
  if (kind === 'exact') {
    return (
      withoutSlash(named) === withoutSlash(authority.href) || isExternalIssuer(authority, named)
    )
  }
  const tenantId = named.slice(authority.origin.length + 1, -'/v2.0'.length)
  return isGuid(tenantId) && named === `${authority.origin}/${tenantId}/v2.0`
}

/**
 * Whether metadata of External ID or B2C may name this issuer. OpenID Connect Discovery §4.3 wants the issuer to be
 * the address of the metadata; Microsoft's differ from it in exactly these ways.
 * @param authority where the metadata are, as the operator wrote it
 */
function isExternalIssuer(authority: URL, named: string): boolean {
  return isExternalIdIssuer(authority, named) || isB2cIssuer(authority, named)
}

/** External ID names `https://{guid}.ciamlogin.com/{guid}/v2.0`, also under the tenant's name or a custom domain. */
function isExternalIdIssuer({ hostname, pathname }: URL, named: string): boolean {
  const [, tenant = ''] = /^\/([^/]+)\/v2\.0\/?$/.exec(pathname) ?? []
  const [, host = '', guid = ''] = /^https:\/\/([^/]+)\/([^/]+)\/v2\.0$/.exec(named) ?? []
  const [label = ''] = hostname.split('.')
  const isMicrosoftHost = isExternalIdHost(hostname)
  // Anybody may own a custom domain. Only the id, or a host of Microsoft's, shows which tenant it belongs to.
  const knownIds = [tenant, ...(isMicrosoftHost ? [label] : [])].filter(isGuid)
  const isSameTenant = knownIds.every((id) => id.toLowerCase() === guid) && isGuid(guid)
  const isTenantKnown = isMicrosoftHost ? tenant !== '' : knownIds.length > 0
  return isTenantKnown && isSameTenant && isExternalIdHost(host) && host.startsWith(`${guid}.`)
}

/** B2C at `/{tenant}/{policy}/v2.0` names itself without the policy, or with it below `/tfp`, in any letter case. */
function isB2cIssuer({ origin, pathname }: URL, named: string): boolean {
  const [, tenant = '', policy = ''] =
    /^(?:\/tfp)?\/([^/]+)\/([^/]+)\/v2\.0\/?$/.exec(pathname) ?? []
  const namedPath = named.startsWith(`${origin}/`) ? named.slice(origin.length) : ''
  const [, guid = '', namedPolicy = policy] =
    /^\/(?:tfp\/)?([^/]+)(?:(?<=^\/tfp\/[^/]+)\/([^/]+))?\/v2\.0\/$/.exec(namedPath) ?? []
  const isSameTenant = isGuid(guid) && (!isGuid(tenant) || tenant.toLowerCase() === guid)
  return policy !== '' && isSameTenant && namedPolicy.toLowerCase() === policy.toLowerCase()
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '')
}

const KeySetShape = v.object({
  keys: v.array(v.looseObject({ kty: v.string(), issuer: v.optional(v.string()) })),
})

type KeySet = v.InferOutput<typeof KeySetShape>

/** The signing keys of the sign-in service. An unknown key makes it read the key set again, once a minute at most. */
export class IssuerKeys {
  readonly #store: DocumentStore
  #document: { readonly url: string; readonly keys: RemoteDocument<KeySet> } | null = null

  constructor(store: DocumentStore) {
    this.#store = store
  }

  /**
   * Finds the key that a token names, among those that may sign for its issuer. For jose's verify functions.
   * @throws EntradaFailure `sign_in_unavailable`; jose's `JWKSNoMatchingKey` when no key fits
   */
  keysFor(server: AuthorizationServer): JWTVerifyGetKey {
    const keys = this.#at(jwksUriOf(server))
    return async (header, token) => {
      try {
        return await keysForIssuer(await keys.read(), server.issuer)(header, token)
      } catch (cause) {
        if (!(cause instanceof JWKSNoMatchingKey)) throw cause
        return keysForIssuer(await keys.read(RETRY_PAUSE_MS), server.issuer)(header, token)
      }
    }
  }

  /**
   * How many keys the service publishes.
   * @throws EntradaFailure `sign_in_unavailable`
   */
  async count(server: AuthorizationServer): Promise<number> {
    return (await this.#at(jwksUriOf(server)).read()).keys.length
  }

  #at(url: string): RemoteDocument<KeySet> {
    if (this.#document?.url !== url) {
      this.#document = { url, keys: new RemoteDocument(url, readKeySet, this.#store) }
    }
    return this.#document.keys
  }
}

/**
 * The failure for a token that names a key which its issuer does not list.
 * @param token in compact form
 */
export function unlistedKeyFailure(
  server: AuthorizationServer,
  token: string,
  cause: unknown,
): EntradaFailure {
  const { kid = '' } = decodeProtectedHeader(token)
  return new EntradaFailure('identity_rejected', {
    detail: 'It is signed with a key that its issuer does not list.',
    facts: { kid: kid.slice(0, 200), keysAt: jwksUriOf(server) },
    cause,
  })
}

/** `jwks_uri`, which must be https: an attacker could replace keys over plain http. An issuer on loopback may use http. */
function jwksUriOf({ jwks_uri: url, issuer }: AuthorizationServer): string {
  if (url === undefined || !(url.startsWith('https:') || issuer.startsWith('http:'))) {
    throw new EntradaFailure('identity_rejected')
  }
  return url
}

/**
 * The keys that may sign for an issuer. Each of Entra's keys names its issuer: the `{tenantid}` template means any
 * tenant, a concrete issuer only itself. Without this check a key for personal accounts could sign for an organisation.
 */
function keysForIssuer({ keys }: KeySet, issuer: string): JWTVerifyGetKey {
  const suitable = keys.filter(
    ({ issuer: signsFor }) =>
      signsFor === undefined || signsFor === issuer || signsFor.includes('{tenantid}'),
  )
  // jose imports a key when it is used, and refuses an invalid one.
  return createLocalJWKSet({ keys: suitable })
}

/** Parsed as far as this file needs it. */
async function readKeySet(text: string): Promise<KeySet> {
  const keySet = parseJson(text, KeySetShape)
  // A response with status 200 that is no key set is an outage.
  if (keySet === null) throw new EntradaFailure('sign_in_unavailable')
  return keySet
}
