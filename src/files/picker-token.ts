import { readJsonBody } from '../http/request-body.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Log } from '../log.ts'
import type { AccessToken, SharePointOrigin } from '../entra/access-token.ts'
import type { Session } from '../session/session.ts'
import { withFilesConsent } from './access.ts'
import type { UserHosts } from './user-hosts.ts'

const TokenRequest = v.object({
  resource: v.pipe(v.string(), v.maxLength(300)),
  /** The host has refused the last token, or it has expired. */
  renew: v.optional(v.boolean(), false),
  /** The host's claims challenge: a JSON object. */
  claims: v.optional(v.pipe(v.string(), v.maxLength(4096), v.regex(/^\{.+\}$/s))),
})

/** The body of `POST /.entrada/picker/token`. */
export type PickerTokenRequest = v.InferOutput<typeof TokenRequest>

/** @throws EntradaFailure `invalid_request`, `body_too_large` */
export async function readPickerTokenRequest(request: Request): Promise<PickerTokenRequest> {
  const ask = await readJsonBody(request, TokenRequest)
  if (ask !== null) return ask
  throw new EntradaFailure('invalid_request', {
    detail: 'Expected {"resource": "…"} with the origin of a SharePoint host.',
  })
}

/** A page that keeps asking for new tokens causes one redemption of the refresh token in this time. */
const YOUNG_SECONDS = 60

export interface PickerTokenDeps {
  readonly session: Session
  readonly hosts: () => Promise<UserHosts>
  readonly log: Log
}

/**
 * Issues the only token that a page gets: for one of the person's own SharePoint hosts. Microsoft's picker works with
 * nothing else. The session builds the scope, so that no token for Graph can be had here.
 * @throws EntradaFailure `picker_host_refused` for any other host; `consent_required`; whatever the session throws
 */
export async function issuePickerToken(
  request: PickerTokenRequest,
  deps: PickerTokenDeps,
): Promise<AccessToken<SharePointOrigin>> {
  const { session, log } = deps
  const { id, tenantId } = session.user
  const report = (resource: string, result: string) =>
    log.audit('picker_token_issued', { userId: id, tenantId, resource, result })
  try {
    const origin = await ownOrigin(request.resource, deps)
    const token = await tokenFor(origin, request, session)
    report(origin, 'issued')
    return token
  } catch (cause) {
    const code = cause instanceof EntradaFailure ? cause.code : 'internal'
    // The requested resource is the caller's text and stays out of the log.
    report('', code)
    throw withFilesConsent(cause)
  }
}

async function ownOrigin(resource: string, { hosts }: PickerTokenDeps): Promise<SharePointOrigin> {
  // Only the case may differ: Microsoft writes its regions in capitals, as in contosoEUR.
  const plain = resource.toLowerCase().replace(/\/$/, '')
  const origin = [...(await hosts()).all].find((own) => own === plain)
  if (origin === undefined) throw new EntradaFailure('picker_host_refused')
  return origin
}

async function tokenFor(
  origin: SharePointOrigin,
  { renew, claims }: PickerTokenRequest,
  session: Session,
): Promise<AccessToken<SharePointOrigin>> {
  const token = await session.accessToken(origin)
  if (!renew && claims === undefined) return token
  const refused = { refused: token.value, youngSeconds: YOUNG_SECONDS }
  return session.accessToken(origin, claims === undefined ? refused : { ...refused, claims })
}
