import { EntradaFailure } from '../failure.ts'
import type { ReadonlyHeaders } from '../request-head.ts'

/** The slowest line an upload is expected to come over: 32 KiB a second. */
const SLOW_BYTES_PER_SECOND = 32 * 1024

/**
 * Waits for the answer's headers, for so long and no longer; its body may then take its time. What is abandoned
 * ends with the request: the platform drops it.
 * @throws EntradaFailure `origin_timeout`
 */
export function withHeaderTimeout(
  answer: Promise<Response>,
  request: { readonly headers: ReadonlyHeaders; readonly body: ReadableStream | null },
  seconds: number,
): Promise<Response> {
  const allowance = uploadSeconds(request)
  if (allowance === null) return answer
  // By hand, because `Promise.race` costs as much again as the timer, on every request. The timer is not
  // cleared for the same reason: it ends with the request, and once answered it changes nothing.
  return new Promise((resolve, reject) => {
    const milliseconds = (seconds + allowance) * 1000
    setTimeout(() => reject(new EntradaFailure('origin_timeout')), milliseconds)
    answer.then(resolve, reject)
  })
}

/** An app answers an upload when it has it, however slow the sender. `null`: no telling how long. */
function uploadSeconds(request: Parameters<typeof withHeaderTimeout>[1]): number | null {
  if (request.body === null) return 0
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  return Number.isNaN(length) ? null : length / SLOW_BYTES_PER_SECOND
}
