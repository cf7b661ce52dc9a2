import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { errorResponse } from './error-response.ts'

/** Faults of the token endpoint that apply before it reads the request. */
export async function takeTokenFault(
  world: EntraWorld,
  request: Request,
  userId: string | undefined,
): Promise<Response | null> {
  const { faults } = world
  const slow = faults.take('entra.token_slow', userId)
  if (slow !== null) await pause(slow.delayMs ?? 2000)
  if (faults.take('entra.token_hang', userId) !== null) return hang(request)
  if (faults.take('entra.token_server_error', userId) !== null) {
    return new Response('<html><body><h1>Service Error</h1></body></html>', {
      status: 500,
      headers: { 'content-type': 'text/html' },
    })
  }
  const throttled = faults.take('entra.token_throttled', userId)
  if (throttled !== null) {
    const retryAfter = String(throttled.retryAfterSeconds ?? 10)
    return errorResponse(new AadstsError(90055), request, { 'retry-after': retryAfter })
  }
  if (faults.take('entra.token_malformed', userId) !== null) {
    return new Response('{"token_type":"Bearer","access_tok', {
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
  }
  return null
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Ends only when the client aborts, like a connection that is never answered. */
function hang({ signal }: Request): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => reject(new Error('The caller gave up', { cause: signal.reason }))
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })
}
