import { decodeProtectedHeader } from 'jose'
import type * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'

/**
 * Entra's keys each name the issuer they may sign for: the `{tenantid}` template serves any tenant, a concrete
 * issuer only itself. Without this check a key meant for personal accounts could sign for an organisation.
 * @throws EntradaFailure `identity_rejected`
 */
export function checkKeyIssuer(
  idToken: string | undefined,
  issuer: string,
  cache: oauth.JWKSCacheInput,
): void {
  if (idToken === undefined || !('jwks' in cache) || cache.jwks === undefined) return
  const { kid } = decodeProtectedHeader(idToken)
  const key = cache.jwks.keys.find((candidate) => candidate.kid === kid)
  const keyIssuer = key !== undefined && 'issuer' in key ? key.issuer : undefined
  if (typeof keyIssuer !== 'string' || keyIssuer.includes('{tenantid}')) return
  if (keyIssuer !== issuer) throw new EntradaFailure('identity_rejected')
}
