import { ownCookie, readOwnCookies } from '../cookies.ts'
import type { RequestHead } from '../http/request-metadata.ts'
import { withoutValidators } from './rewritable.ts'
import { WORKER_SCRIPT } from '../browser/generated/worker-guard.ts'

/** Marks a browser whose service worker contains our lines: it needs no replacement when the session ends. */
const MARKER_COOKIE = '__Host-entrada-worker'
const MARKER_SECONDS = 30 * 86_400

/** Replaces a service worker at once. The new one answers no request, so page loads reach Entrada and sign-in. */
const TAKE_OVER = 'addEventListener("install",()=>skipWaiting());'

/** Whether a browser fetches the script of a service worker (Service Workers, "Update" algorithm). */
export function isWorkerScript({ method, headers }: RequestHead): boolean {
  return method === 'GET' && headers.get('service-worker') === 'script'
}

/** Adds our lines to the chat's service worker: without a session its cached page would hide the sign-in. */
export class WorkerScriptInjection {
  readonly #lines: string

  constructor(callbackPath: string) {
    // Without our "use strict", which would apply to the app's script as well.
    const lines = WORKER_SCRIPT.replace(/^"use strict";/, '')
    this.#lines = lines.replace('CALLBACK_PATH', () => JSON.stringify(callbackPath))
  }

  /** Puts our lines before the chat's script, in one line, so that its line numbers stay. */
  async add(response: Response): Promise<Response> {
    const script = await response.text()
    const headers = withoutValidators(response.headers)
    // `response.text()` has decoded the body.
    headers.delete('content-encoding')
    headers.append('set-cookie', ownCookie(MARKER_COOKIE, '1', MARKER_SECONDS))
    const directive = isStrict(script) ? '"use strict";' : ''
    return new Response(`${directive}${this.#lines}${script}`, { headers })
  }

  /**
   * Returns a worker of our lines alone, for a browser without a session whose worker may lack them; otherwise
   * `null`. It replaces the worker that hides the sign-in. The chat is not asked and none of its content is sent.
   */
  standIn({ headers }: RequestHead): Response | null {
    if (readOwnCookies(headers.get('cookie')).get(MARKER_COOKIE) === '1') return null
    return new Response(`${this.#lines}${TAKE_OVER}`, {
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        // The replaced worker may have a wider scope than its folder.
        'service-worker-allowed': '/',
      },
    })
  }
}

/** Whether a script begins with "use strict". It works only at the start, after comments, so our lines repeat it. */
function isStrict(script: string): boolean {
  const blank = /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y
  let start = 0
  while (blank.test(script)) start = blank.lastIndex
  return /^(["'])use strict\1/.test(script.slice(start, start + 12))
}
