import { ownCookie, readOwnCookies } from '../cookies.ts'
import type { RequestHead } from '../http/request-head.ts'
import { withoutValidators } from './rewritable.ts'
import { WORKER_SCRIPT } from '../browser/generated/worker-guard.ts'

/** Says that this browser's service worker has our lines: a session that ends is then no reason to replace it. */
const MARKER_COOKIE = '__Host-entrada-worker'
const MARKER_SECONDS = 30 * 86_400

/** Replaces a worker at once, and answers nothing itself: page loads reach the network, and so sign-in. */
const TAKE_OVER = 'addEventListener("install",()=>skipWaiting());'

/** Whether a browser asks for the script of a service worker (Service Workers, "Update" algorithm). */
export function isWorkerScript({ method, headers }: RequestHead): boolean {
  return method === 'GET' && headers.get('service-worker') === 'script'
}

export class WorkerScriptInjection {
  readonly #lines: string

  constructor(callbackPath: string) {
    // A directive of ours would make the app's script strict, too.
    const lines = WORKER_SCRIPT.replace(/^"use strict";/, '')
    this.#lines = lines.replace('CALLBACK_PATH', () => JSON.stringify(callbackPath))
  }

  /** The chat's script with our lines first, in one line: its line numbers stay. */
  async add(response: Response): Promise<Response> {
    const script = await response.text()
    const headers = withoutValidators(response.headers)
    // Decoded by now.
    headers.delete('content-encoding')
    headers.append('set-cookie', ownCookie(MARKER_COOKIE, '1', MARKER_SECONDS))
    const directive = isStrict(script) ? '"use strict";' : ''
    return new Response(`${directive}${this.#lines}${script}`, { headers })
  }

  /**
   * For a browser without a session whose worker may lack our lines: a worker of our lines alone. It takes the
   * place of the one that hides sign-in. Nothing of the chat is in it, and the chat is not asked.
   */
  standIn({ headers }: RequestHead): Response | null {
    if (readOwnCookies(headers.get('cookie')).get(MARKER_COOKIE) === '1') return null
    return new Response(`${this.#lines}${TAKE_OVER}`, {
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        // The worker to be replaced may have a wider scope than its folder.
        'service-worker-allowed': '/',
      },
    })
  }
}

/** A directive counts only before all else, so ours has to repeat it. Comments may come first. */
function isStrict(script: string): boolean {
  const blank = /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y
  let start = 0
  while (blank.test(script)) start = blank.lastIndex
  return /^(["'])use strict\1/.test(script.slice(start, start + 12))
}
