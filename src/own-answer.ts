import { EntradaFailure } from './failure.ts'
import { createLog } from './log.ts'
import { renderFailure } from './problem.ts'
import { signInRedirect } from './sign-in-redirect.ts'
import type { Settings } from './settings/settings.ts'

/** Defaults for our own responses; a route that knows better has set its own. */
export function harden(headers: Headers, { isLoopback }: Settings): void {
  const defaults = {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(isLoopback ? {} : { 'strict-transport-security': 'max-age=31536000' }),
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}

/** Whatever breaks, the request does not reach the chat, and the answer has one shape. */
export async function respondWithFailure(
  cause: unknown,
  request: Request,
  settings: Settings,
  requestId: string = crypto.randomUUID(),
): Promise<Response> {
  const failure =
    cause instanceof EntradaFailure ? cause : new EntradaFailure('internal', { cause })
  const { publicOrigin, callbackPath } = settings
  const redirect = signInRedirect(failure, request, publicOrigin)
  if (redirect !== null) {
    harden(redirect.headers, settings)
    return redirect
  }
  const log = createLog(requestId)
  const { code, details } = failure
  const fields = { code, reason: details.reason, ...details.facts }
  if (failure.status >= 500) log.error('request_failed', failure.cause, fields)
  else log.info('request_refused', fields)
  const response = await renderFailure(failure, { request, requestId, publicOrigin, callbackPath })
  harden(response.headers, settings)
  return response
}
