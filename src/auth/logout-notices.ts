import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import { isIssuer } from '../entra/discovery.ts'
import type { Entra } from '../entra/entra.ts'
import { readLogoutToken } from '../entra/logout-token.ts'
import { readForm } from '../http/request-body.ts'
import type { Sessions } from '../session/sessions.ts'

/** What logout notices of the issuer need. */
export interface LogoutNoticeDeps {
  readonly entra: Entra
  readonly sessions: Sessions
}

const SID = /^[\x21-\x7E]{1,256}$/

/**
 * `GET /.entrada/frontchannel-logout?sid=`: Entra loads it in a hidden frame, where our cookies do not arrive. Entra
 * sends `sid` only; other issuers also send `iss`, which must be right then (OpenID Connect Front-Channel Logout 1.0
 * §3). The response does not show whether there was a session.
 */
export async function frontChannelLogout(
  c: Context<EdgeEnv>,
  { sessions }: LogoutNoticeDeps,
): Promise<Response> {
  const { authority } = c.var.settings.issuer
  c.header('content-security-policy', `default-src 'none'; frame-ancestors ${authority.origin}`)
  const sid = c.req.query('sid')
  const issuer = c.req.query('iss')
  const isOurIssuer = issuer === undefined || isIssuer(c.var.settings.issuer, issuer)
  if (sid !== undefined && SID.test(sid) && isOurIssuer) {
    const ended = await sessions.endByBrowserSession(sid)
    if (ended > 0) {
      c.var.log.audit('signed_out_by_notice', { channel: 'front', count: ended })
    }
  }
  return c.body(null, 200)
}

/** `POST /.entrada/backchannel-logout`: for issuers that have it (OpenID Connect Back-Channel Logout 1.0 §2.5). */
export async function backChannelLogout(
  c: Context<EdgeEnv>,
  { entra, sessions }: LogoutNoticeDeps,
): Promise<Response> {
  const form = await readForm(c.req.raw)
  const token = form?.get('logout_token')
  const notice = typeof token === 'string' ? await readLogoutToken(entra, token) : null
  // The same text for every cause, so that an attacker does not learn which check failed.
  if (notice === null || !(await sessions.isFirstUse(notice.tokenId))) {
    throw new EntradaFailure('invalid_request', { detail: 'The logout token was not accepted.' })
  }
  const ended =
    notice.sessionId === null
      ? await sessions.endOfUser(notice.issuer, notice.subject ?? '')
      : await sessions.endByBrowserSession(notice.sessionId)
  c.var.log.audit('signed_out_by_notice', { channel: 'back', count: ended })
  return c.body(null, 200)
}
