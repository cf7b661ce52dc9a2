import { Hono } from 'hono/tiny'
import { PAGE_SCRIPT } from '../browser/generated/session-guard.ts'
import type { EdgeEnv } from '../http/env.ts'
import { navigationOf } from '../http/fetch-metadata.ts'
import type { RequestHead } from '../http/request-head.ts'
import { askingForText, isRewritable, withoutValidators } from './rewritable.ts'
import { isWorkerScript, WorkerScriptInjection } from './worker-script.ts'

/** Whether a page's own policy lets our script run, and under which nonce, if it wants one. */
export type ScriptPermission =
  | { readonly allowed: false }
  | { readonly allowed: true; readonly nonce: string | null }

const REFUSED: ScriptPermission = { allowed: false }
const NONCE = /^'nonce-[A-Za-z0-9+/_-]+={0,2}'$/

/**
 * Reads `Content-Security-Policy` (CSP Level 3) for a script at an address of the page's own origin. Every
 * policy must agree. A page that forbids it is left as it is: a blocked script would only fill its console.
 */
export function scriptPermissionOf(header: string | null, publicOrigin: string): ScriptPermission {
  const policies = (header ?? '').split(',').map(directivesOf)
  if (policies.some(isSandboxed)) return REFUSED
  const sources = policies.map(scriptSources).filter((list) => list !== null)
  const nonce = sources.flat().find((source) => NONCE.test(source))
  const agree = sources.every(
    (list) => allowsOrigin(list, publicOrigin) || list.some((source) => source === nonce),
  )
  return agree ? { allowed: true, nonce: nonce?.slice("'nonce-".length, -1) ?? null } : REFUSED
}

type Directives = ReadonlyMap<string, readonly string[]>

function directivesOf(policy: string): Directives {
  const directives = new Map<string, readonly string[]>()
  for (const part of policy.split(';')) {
    const [name = '', ...values] = part.trim().split(/\s+/)
    // The first of a name counts (CSP §2.2.1).
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values)
  }
  return directives
}

function isSandboxed(directives: Directives): boolean {
  return directives.get('sandbox')?.includes('allow-scripts') === false
}

/** `null`: this policy says nothing about scripts. */
function scriptSources(directives: Directives): readonly string[] | null {
  const names = ['script-src-elem', 'script-src', 'default-src']
  return names.map((name) => directives.get(name)).find((list) => list !== undefined) ?? null
}

/** Where `'strict-dynamic'` stands, addresses count for nothing. */
function allowsOrigin(sources: readonly string[], publicOrigin: string): boolean {
  const { protocol, host } = new URL(publicOrigin)
  const addresses = ["'self'", '*', protocol, host, publicOrigin]
  const lower = sources.map((source) => source.toLowerCase().replace(/\/$/, ''))
  return !lower.includes("'strict-dynamic'") && lower.some((source) => addresses.includes(source))
}

const HTML = /^text\/html\s*(?:;\s*charset="?utf-8"?\s*)?$/i
/** What browsers take for a script (WHATWG MIME Sniffing §4.6), in the spellings that servers still send. */
const JAVASCRIPT = /^(?:text|application)\/(?:x-)?(?:javascript|ecmascript)\s*(?:;|$)/i

/** Puts Entrada's scripts first into pages and service workers of the chat; all else passes as it is. */
export class ScriptInjection {
  readonly #publicOrigin: string
  readonly #worker: WorkerScriptInjection

  constructor(publicOrigin: string, callbackPath: string) {
    this.#publicOrigin = publicOrigin
    this.#worker = new WorkerScriptInjection(callbackPath)
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

/** `GET /kit.js`: what runs in the chat's pages. The same for everybody, and nothing in it is secret. */
export function pageScriptRoutes() {
  return new Hono<EdgeEnv>().get('/kit.js', (c) =>
    c.body(PAGE_SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600',
      'cross-origin-resource-policy': 'same-origin',
    }),
  )
}
