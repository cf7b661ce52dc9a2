import type * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { requireTrusted } from './issuer-keys.ts'
import type { Entra } from './entra.ts'

const UserInfo = v.looseObject({ sub: v.string() })

/**
 * What the issuer says about the person beside the id token. In the code flow OIDC Core §5.4 has scopes answered
 * here, so that many issuers keep name, e-mail and groups out of the id token. Without an answer sign-in goes
 * on with what the id token said.
 * @throws EntradaFailure `identity_rejected` when it is about anybody else, a substitution (OIDC Core §5.3.2)
 */
export async function readUserInfo(
  { options }: Entra,
  server: oauth.AuthorizationServer,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Readonly<Record<string, unknown>>> {
  if (server.userinfo_endpoint === undefined) return {}
  const info = await fetch(requireTrusted(server.userinfo_endpoint, server), {
    headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
    redirect: 'manual',
    signal: options.signal(),
  })
    .then(async (response) => v.parse(UserInfo, response.ok ? await response.json() : null))
    .catch(() => null)
  if (info !== null && info.sub !== subject) throw new EntradaFailure('identity_rejected')
  return info ?? {}
}
