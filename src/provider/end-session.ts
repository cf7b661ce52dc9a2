import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { signOutPage } from '../pages/sign-out-page.ts'
import { sessionOfBrowser, type ProviderDeps } from './provider-parts.ts'

/**
 * `GET /.entrada/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0). The hint shows that the chat wants it: an
 * id token of this very session, which nobody else has. Without one any site could sign people out with a link, so
 * the person is asked. It ends on our own page: `post_logout_redirect_uri` would lead to the chat, and the chat
 * straight back into a sign-in.
 */
export async function endSession(
  c: Context<EdgeEnv>,
  hint: string | undefined,
  deps: ProviderDeps,
): Promise<Response> {
  const found = await sessionOfBrowser(deps.sessions, c.req.header('cookie') ?? null)
  if (found === null) return c.redirect('/.entrada/signed-out', 303)
  const claims = hint === undefined ? null : await deps.verify(hint)
  if (claims?.['iss'] !== deps.issuer || claims['sid'] !== found.session.id) {
    return signOutPage(c.var.settings.issuer.authority.origin)
  }
  return deps.signOut(c)
}
