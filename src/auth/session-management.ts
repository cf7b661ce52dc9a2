import type { Context } from 'hono'
import * as v from 'valibot'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import { readJsonBody } from '../http/request-body.ts'
import type { Sessions } from '../session/sessions.ts'
import { isGuid } from '../settings/issuer.ts'
import type { LogoutDeps } from './logout.ts'
import { addCookies, clearedOwnCookie, SESSION_COOKIE } from '../cookies.ts'

const EndRequest = v.pipe(
  v.strictObject({
    id: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    all: v.optional(v.literal(true)),
  }),
  v.check(({ id, all }) => (id === undefined) === (all === true)),
)

/** `GET /.entrada/sessions`: lists the user's sessions. */
export async function listSessions(c: Context<EdgeEnv>, sessions: Sessions): Promise<Response> {
  const { id: currentId, user } = c.var.session
  const found = await sessions.listOf(user.tenantId, user.id)
  return c.json({
    sessions: found.map(({ id, ...rest }) => ({ id, current: id === currentId, ...rest })),
  })
}

/** `POST /.entrada/sessions/end`: ends one session by its id, or all except this one. */
export async function endSessions(
  c: Context<EdgeEnv>,
  { sessions, chatMemory }: Pick<LogoutDeps, 'sessions' | 'chatMemory'>,
): Promise<Response> {
  const request = await readJsonBody(c.req.raw, EndRequest)
  if (request === null) {
    throw new EntradaFailure('invalid_request', { detail: 'Send {"id":"…"} or {"all":true}.' })
  }
  const { id: currentId, user } = c.var.session
  const own = await sessions.listOf(user.tenantId, user.id)
  const wanted = request.id
  const chosen = own.filter(({ id }) => (wanted === undefined ? id !== currentId : id === wanted))
  // Another user's session looks like one that does not exist.
  if (wanted !== undefined && chosen.length === 0) throw new EntradaFailure('not_found')
  const ended = await Promise.all(chosen.map(({ id }) => sessions.endById(id)))
  const count = ended.filter(Boolean).length
  c.var.log.audit('sessions_ended', { userId: user.id, count })
  // Ending the current session is a sign-out, so the chat app's cookies go, too.
  if (chosen.some(({ id }) => id === currentId)) {
    addCookies(c, [clearedOwnCookie(SESSION_COOKIE), ...chatMemory.onLeave()])
  }
  return c.json({ ended: count })
}

/**
 * `POST /.entrada/admin/users/{tenantId}:{userId}/end`: an operator ends every session of a user of their tenant.
 * Both ids are percent-encoded, because another issuer than Entra has its URL as tenant id.
 */
export async function endSessionsOfUser(
  c: Context<EdgeEnv>,
  sessions: Sessions,
): Promise<Response> {
  const { isOperator, user: operator } = c.var.session
  if (!isOperator) throw new EntradaFailure('operator_required')
  const { tenantId, userId } = userIn(new URL(c.req.url).pathname)
  if (tenantId !== operator.tenantId) {
    const detail = 'Operators can end sessions of people in their own organisation only.'
    throw new EntradaFailure('operator_required', { detail })
  }
  const ended = await sessions.endOfUser(tenantId, userId)
  c.var.log.audit('sessions_ended_by_operator', {
    userId,
    tenantId,
    operatorId: operator.id,
    count: ended,
  })
  if (ended === 0) {
    throw new EntradaFailure('not_found', { detail: 'This person has no active session.' })
  }
  return c.json({ ended })
}

/** Matched before decoding, because a URL contains colons and slashes. */
const USER = /\/users\/([^:/]{1,1000}):([^:/]{1,1000})\/end$/

function userIn(pathname: string): { readonly tenantId: string; readonly userId: string } {
  const ids = (USER.exec(pathname) ?? []).slice(1).map(decodeId)
  const [tenantId, userId] = ids
  if (tenantId == null || userId == null) throw new EntradaFailure('not_found')
  return { tenantId, userId }
}

/** Decodes an id; GUIDs become lower case, as Entra writes them. `null` without valid percent-encoded UTF-8. */
function decodeId(encoded: string): string | null {
  try {
    const text = decodeURIComponent(encoded)
    return isGuid(text) ? text.toLowerCase() : text
  } catch {
    return null
  }
}
