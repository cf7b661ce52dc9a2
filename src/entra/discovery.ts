import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { isGuid } from '../settings/guid.ts'
import type { IssuerSettings } from '../settings/issuer.ts'
import { RemoteDocument, type DocumentShelf } from './remote-document.ts'

/**
 * The sign-in service's metadata, read on first need.
 * Reading throws EntradaFailure `sign_in_unavailable`, or `identity_rejected` when the issuer is another one.
 */
export function discoveryDocument(
  issuer: IssuerSettings,
  shelf: DocumentShelf,
): RemoteDocument<oauth.AuthorizationServer> {
  return new RemoteDocument(
    `${issuer.authority.href.replace(/\/$/, '')}/.well-known/openid-configuration`,
    (text) => readMetadata(issuer, text),
    shelf,
  )
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
    const detail = 'It describes itself as another issuer than OPENID_ISSUER.'
    throw new EntradaFailure('identity_rejected', { detail, cause })
  }
}

/** The issuer the metadata must name, given how the authority was written. */
function expectedIssuer({ authority, kind }: IssuerSettings, named: string): URL {
  switch (kind) {
    case 'template':
      return new URL(`${authority.origin}/{tenantid}/v2.0`)
    case 'tenant':
      // A tenant named by its domain still has its GUID in `issuer`; nothing but the GUID may differ.
      return isTenantOf(named, authority.origin) ? new URL(named) : authority
    case 'exact':
      // Some issuers end with a slash that is easily lost when the setting is copied.
      return named === `${authority.href}/` ? new URL(named) : authority
  }
}

/** Whether an `iss` names the configured issuer: for Entra any tenant's, since which one is told by the token. */
export function isIssuer({ authority, kind }: IssuerSettings, named: string): boolean {
  if (kind === 'exact') return named.replace(/\/$/, '') === authority.href.replace(/\/$/, '')
  return isTenantOf(named, authority.origin)
}

function isTenantOf(issuer: string, origin: string): boolean {
  if (!URL.canParse(issuer)) return false
  const url = new URL(issuer)
  const [, tenantId = '', version, ...more] = url.pathname.split('/')
  return url.origin === origin && isGuid(tenantId) && version === 'v2.0' && more.length === 0
}
