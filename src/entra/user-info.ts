import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import type { Entra } from './entra.ts'

/**
 * What the issuer says about the person beside the id token. In the code flow OIDC Core §5.4 has scopes answered
 * here, so that many issuers keep name, e-mail and groups out of the id token. Without an answer sign-in goes
 * on with what the id token said.
 * @throws EntradaFailure `identity_rejected` when it is about anybody else, a substitution (OIDC Core §5.3.2)
 */
export async function readUserInfo(
  { client, options }: Entra,
  server: oauth.AuthorizationServer,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Readonly<Record<string, unknown>>> {
  if (server.userinfo_endpoint === undefined) return {}
  try {
    const response = await oauth.userInfoRequest(server, client, accessToken, options)
    return await oauth.processUserInfoResponse(server, client, subject, response)
  } catch (cause) {
    const isSubstituted =
      cause instanceof oauth.OperationProcessingError &&
      cause.code === oauth.JSON_ATTRIBUTE_COMPARISON
    if (isSubstituted) throw new EntradaFailure('identity_rejected', { cause })
    return {}
  }
}
