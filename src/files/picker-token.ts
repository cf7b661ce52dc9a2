import { readJsonBody } from '../http/request-body.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Log } from '../log.ts'
import type { AccessToken, SharePointOrigin } from '../entra/access-token.ts'
import type { Session } from '../session/session.ts'
import { withFilesConsent } from './access.ts'
import type { UserHosts } from './user-hosts.ts'

const Ask = v.object({
  resource: v.pipe(v.string(), v.maxLength(300)),
  /** The host refused the last one, or it has expired. */
  renew: v.optional(v.boolean(), false),
  /** Claims challenge the host answered with: a JSON object. */
  claims: v.optional(v.pipe(v.string(), v.maxLength(4096), v.regex(/^\{.+\}$/s))),
})

export type PickerTokenRequest = v.InferOutput<typeof Ask>

/** @throws EntradaFailure `invalid_request`, `body_too_large` */
export async function readPickerTokenRequest(request: Request): Promise<PickerTokenRequest> {
  const ask = await readJsonBody(request, Ask)
  if (ask !== null) return ask
  throw new EntradaFailure('invalid_request', {
    detail: 'Expected {"resource": "…"} with the origin of a SharePoint host.',
  })
}

/** A page that asks for a new token again and again redeems the refresh token once in this time. */
const YOUNG_SECONDS = 60

export interface PickerTokenDeps {
  readonly session: Session
  readonly hosts: () => Promise<UserHosts>
  readonly log: Log
}

/**
 * The one token a page ever gets: for a single SharePoint host that is the user's own, because Microsoft's
 * picker works with nothing else. The scope is built by the session; Graph is out of reach from here.
 */
export async function issuePickerToken(
  ask: PickerTokenRequest,
  deps: PickerTokenDeps,
): Promise<AccessToken<SharePointOrigin>> {
  const { session, log } = deps
  const { id, tenantId } = session.user
  const report = (resource: string, result: string) =>
    log.audit('picker_token_issued', { userId: id, tenantId, resource, result })
  try {
    const origin = await ownOrigin(ask.resource, deps)
    const token = await tokenFor(origin, ask, session)
    report(origin, 'issued')
    return token
  } catch (cause) {
    const code = cause instanceof EntradaFailure ? cause.code : 'internal'
    // What was asked for is the caller's text, and no business of the log's.
    report('', code)
    throw withFilesConsent(cause)
  }
}

async function ownOrigin(resource: string, { hosts }: PickerTokenDeps): Promise<SharePointOrigin> {
  // Capitals are the one thing that may differ: Microsoft writes its regions so, as in contosoEUR.
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
