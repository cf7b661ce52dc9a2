import { navigationOf } from '../navigation.ts'
import type { RequestHead } from '../request-head.ts'
import { askingForText, isRewritable, withoutValidators } from './rewritable.ts'
import { scriptPermissionOf } from './script-policy.ts'
import { isWorkerScript, WorkerInjection } from './worker-injection.ts'

const HTML = /^text\/html\s*(?:;\s*charset="?utf-8"?\s*)?$/i
/** What browsers take for a script (WHATWG MIME Sniffing §4.6), in the spellings that servers still send. */
const JAVASCRIPT = /^(?:text|application)\/(?:x-)?(?:javascript|ecmascript)\s*(?:;|$)/i

/** Puts Entrada's scripts first into pages and service workers of the chat; all else passes as it is. */
export class Injection {
  readonly #publicOrigin: string
  readonly #worker: WorkerInjection

  constructor(publicOrigin: string, callbackPath: string) {
    this.#publicOrigin = publicOrigin
    this.#worker = new WorkerInjection(callbackPath)
  }

  /** The request as the chat gets it. A page that needs no sign-in has no session that could end. */
  ask(request: Request, head: RequestHead, isSignedIn: boolean): Request {
    const isForUs = isWorkerScript(head) || (isSignedIn && isPage(head))
    return isForUs ? askingForText(request) : request
  }

  /** The chat's answer with our script in it, if it is a page that a person has opened, or a worker. */
  add(head: RequestHead, response: Response): Response | Promise<Response> {
    if (isWorkerScript(head)) {
      return isRewritable(response, JAVASCRIPT) ? this.#worker.add(response) : response
    }
    if (!isPage(head) || !isRewritable(response, HTML)) return response
    const policy = response.headers.get('content-security-policy')
    const permission = scriptPermissionOf(policy, this.#publicOrigin)
    if (!permission.allowed) return response
    return rewrite(response, scriptTag(this.#publicOrigin, permission.nonce))
  }

  /** What a browser without a session gets for a service worker; `null` for everything else. */
  withoutSession(head: RequestHead): Response | null {
    return isWorkerScript(head) ? this.#worker.standIn(head) : null
  }
}

function isPage(head: RequestHead): boolean {
  return head.method === 'GET' && navigationOf(head) === 'document'
}

/**
 * Neither deferred nor asynchronous: it has to be there before the app's first request. The address is absolute,
 * because a `<base>` of somebody's text would move a path to another site.
 */
function scriptTag(publicOrigin: string, nonce: string | null): string {
  const attribute = nonce === null ? '' : ` nonce="${nonce}"`
  return `<script src="${publicOrigin}/.entrada/kit.js"${attribute}></script>`
}

/**
 * Into `head` or `body` where one of them is the first element after `html`, else before the first element: pages
 * may leave out all three, and a `head` further down, as in a `template`, is none (HTML §13.2.6.4.7).
 */
function rewrite(response: Response, tag: string): Response {
  let isDone = false
  const first = {
    element(element: Element) {
      if (isDone || element.tagName === 'html') return
      isDone = true
      const isContainer = element.tagName === 'head' || element.tagName === 'body'
      if (isContainer) element.prepend(tag, { html: true })
      else element.before(tag, { html: true })
    },
  }
  // The first element of a page is a first child; asking for every element would cost a call for each.
  const rewriter = new HTMLRewriter().on(':first-child', first).onDocument({
    end(end) {
      if (!isDone) end.append(tag, { html: true })
    },
  })
  const { body, status } = response
  return rewriter.transform(
    new Response(body, { status, headers: withoutValidators(response.headers) }),
  )
}
