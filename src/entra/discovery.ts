import { parseJson } from '../json.ts'
import { createLocalJWKSet, decodeProtectedHeader, type JWTVerifyGetKey } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { isExternalIdHost } from '../settings/clouds.ts'
import { isGuid, type IssuerSettings } from '../settings/issuer.ts'
import { isExternalIssuer } from './external-issuer.ts'
import { type DocumentStore, PAUSE_MS, RemoteDocument } from './remote-document.ts'

/**
 * The sign-in service's metadata, read on first need.
 * Reading throws EntradaFailure `sign_in_unavailable`, or `identity_rejected` when the issuer is another one.
 */
export function discoveryDocument(
  issuer: IssuerSettings,
  clientId: string,
  shelf: DocumentStore,
): RemoteDocument<oauth.AuthorizationServer> {
  return new RemoteDocument(
    metadataAddress(issuer, clientId),
    (text) => readMetadata(issuer, text),
    shelf,
  )
}

/**
 * Entra lists the signing key of an app that has its own only to those who ask for that app; for others the answer
 * is the same with and without (access tokens, “Validate the signature”, Microsoft identity platform).
 */
function metadataAddress({ authority, microsoft }: IssuerSettings, clientId: string): string {
  const address = `${withoutSlash(authority.href)}/.well-known/openid-configuration`
  const listsKeysByApp = microsoft !== null || isExternalIdHost(authority.hostname)
  return listsKeysByApp ? `${address}?appid=${encodeURIComponent(clientId)}` : address
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
    const what = 'It describes itself as another issuer than OPENID_ISSUER'
    throw anotherIssuer(what, [metadata.issuer, issuer.authority.href], cause)
  }
}

/** Both names are public. What is no address is not repeated: it could be anything. */
export function anotherIssuer(
  what: string,
  [seen, expected]: readonly [seen: unknown, expected: string],
  cause: unknown,
): EntradaFailure {
  const isAddress = typeof seen === 'string' && /^https?:\/\/[\w.:{}/-]{1,200}$/.test(seen)
  const issuerSeen = isAddress ? seen : 'no address'
  return new EntradaFailure('identity_rejected', {
    detail: `${what}: “${issuerSeen}” instead of “${expected}”.`,
    facts: { issuerSeen, issuerExpected: expected },
    cause,
  })
}

/** The issuer the metadata must name, given how the authority was written. */
function expectedIssuer(issuer: IssuerSettings, named: string): URL {
  const { authority, kind } = issuer
  if (kind === 'template') return new URL(`${authority.origin}/{tenantid}/v2.0`)
  // A tenant named by its domain still has its GUID in `issuer`, and a slash at the end is easily lost.
  return isIssuer(issuer, named) ? new URL(named) : authority
}

/** Whether an `iss` names the configured issuer: for Entra any tenant's, since which one is told by the token. */
export function isIssuer({ authority, kind }: IssuerSettings, named: string): boolean {
  if (kind === 'exact') {
    return (
      withoutSlash(named) === withoutSlash(authority.href) || isExternalIssuer(authority, named)
    )
  }
  const tenantId = named.slice(authority.origin.length + 1, -'/v2.0'.length)
  return isGuid(tenantId) && named === `${authority.origin}/${tenantId}/v2.0`
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '')
}

const KeySet = v.object({
  keys: v.array(v.looseObject({ kty: v.string(), issuer: v.optional(v.string()) })),
})

type IssuedKeys = v.InferOutput<typeof KeySet>

/** The keys the sign-in service signs with. A key nobody knows is looked for once a minute at most. */
export class IssuerKeys {
  readonly #shelf: DocumentStore
  #document: { readonly url: string; readonly keys: RemoteDocument<IssuedKeys> } | null = null

  constructor(shelf: DocumentStore) {
    this.#shelf = shelf
  }

  /**
   * Picks the key a token names, among those that may sign for its issuer.
   * @throws EntradaFailure `sign_in_unavailable`; jose's own errors when no key fits
   */
  of(server: AuthorizationServer): JWTVerifyGetKey {
    const keys = this.#at(addressOf(server))
    return async (header, token) => {
      try {
        return await candidates(await keys.read(), server.issuer)(header, token)
      } catch (cause) {
        if (!(cause instanceof JWKSNoMatchingKey)) throw cause
        return candidates(await keys.read(PAUSE_MS), server.issuer)(header, token)
      }
    }
  }

  /** @throws EntradaFailure `sign_in_unavailable` */
  async count(server: AuthorizationServer): Promise<number> {
    return (await this.#at(addressOf(server)).read()).keys.length
  }

  #at(url: string): RemoteDocument<IssuedKeys> {
    if (this.#document?.url !== url) {
      this.#document = { url, keys: new RemoteDocument(url, readKeySet, this.#shelf) }
    }
    return this.#document.keys
  }
}

/**
 * What to tell when a token names a key that is not there.
 * @param token in compact form
 */
export function unlistedKey(
  server: AuthorizationServer,
  token: string,
  cause: unknown,
): EntradaFailure {
  const { kid = '' } = decodeProtectedHeader(token)
  return new EntradaFailure('identity_rejected', {
    detail: 'It is signed with a key that its issuer does not list.',
    facts: { kid: kid.slice(0, 200), keysAt: addressOf(server) },
    cause,
  })
}

/** Keys that came over plain http could be anybody's; only an issuer on loopback may have them there. */
function addressOf({ jwks_uri: url, issuer }: AuthorizationServer): string {
  if (url === undefined || !(url.startsWith('https:') || issuer.startsWith('http:'))) {
    throw new EntradaFailure('identity_rejected')
  }
  return url
}

/**
 * Entra's keys each name the issuer they may sign for: the `{tenantid}` template serves any tenant, a concrete
 * issuer only itself. Otherwise a key meant for personal accounts could sign for an organisation.
 */
function candidates({ keys }: IssuedKeys, issuer: string): JWTVerifyGetKey {
  const fit = keys.filter(
    ({ issuer: own }) => own === undefined || own === issuer || own.includes('{tenantid}'),
  )
  // Checked as far as it matters here; jose imports a key when it is used and refuses what is not one.
  return createLocalJWKSet({ keys: fit })
}

async function readKeySet(text: string): Promise<IssuedKeys> {
  const keySet = parseJson(text, KeySet)
  // An answer that is no key set is an outage with status 200.
  if (keySet === null) throw new EntradaFailure('sign_in_unavailable')
  return keySet
}
