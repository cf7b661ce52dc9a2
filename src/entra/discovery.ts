import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { isExternalIdHost } from '../settings/clouds.ts'
import { isGuid } from '../settings/guid.ts'
import type { IssuerSettings } from '../settings/issuer.ts'
import { isExternalIssuer } from './external-issuer.ts'
import { RemoteDocument, type DocumentStore } from './remote-document.ts'

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

const Metadata = v.pipe(v.string(), v.parseJson(), v.looseObject({ issuer: v.string() }))

async function readMetadata(
  issuer: IssuerSettings,
  text: string,
): Promise<oauth.AuthorizationServer> {
  const parsed = v.safeParse(Metadata, text)
  const metadata = parsed.success ? parsed.output : { issuer: '' }
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
