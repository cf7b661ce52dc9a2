import { PAGE_SCRIPT_PATH } from '../paths.ts'
import { Hono } from 'hono/tiny'
import { PAGE_SCRIPT } from '../browser/generated/session-guard.ts'
import type { EdgeEnv } from '../http/env.ts'
import { navigationOf, type RequestHead } from '../http/request-metadata.ts'
import { askingForText, isRewritable, withoutValidators } from './rewritable.ts'
import { isWorkerScript, WorkerScriptInjection } from './worker-script.ts'

const HTML = /^text\/html\s*(?:;\s*charset="?utf-8"?\s*)?$/i
/** Content types that browsers accept for a script (WHATWG MIME Sniffing §4.6). */
const JAVASCRIPT = /^(?:text|application)\/(?:x-)?(?:javascript|ecmascript)\s*(?:;|$)/i

/** Adds Entrada's scripts to the chat's pages and service workers. Other responses pass unchanged. */
export class ScriptInjection {
  readonly #publicOrigin: string
  readonly #worker: WorkerScriptInjection

  constructor(publicOrigin: string, callbackPath: string) {
    this.#publicOrigin = publicOrigin
    this.#worker = new WorkerScriptInjection(callbackPath)
  }

  /**
   * Makes a request ask for text that can be rewritten, if a script will be added to its response. A page of an
   * open route has no session that could end, so nothing is added to it.
   */
  ask(request: Request, head: RequestHead, isSignedIn: boolean): Request {
    const willAdd = isWorkerScript(head) || (isSignedIn && isPage(head))
    return willAdd ? askingForText(request) : request
  }

  /** Adds our script to the response, if it is a page that a person has opened or a service worker. */
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

  /** The response to a request for a service worker without a session; `null` for every other request. */
  withoutSession(head: RequestHead): Response | null {
    return isWorkerScript(head) ? this.#worker.standIn(head) : null
  }
}

function isPage(head: RequestHead): boolean {
  return head.method === 'GET' && navigationOf(head) === 'document'
}

/**
 * The script element: neither `defer` nor `async`, because it must run before the app's first request. Its URL is
 * absolute, because an injected `<base>` would move a path to another site.
 */
function scriptTag(publicOrigin: string, nonce: string | null): string {
  const attribute = nonce === null ? '' : ` nonce="${nonce}"`
  return `<script src="${publicOrigin}${PAGE_SCRIPT_PATH}"${attribute}></script>`
}

/**
 * Inserts the tag into `head` or `body` if it is the first element after `html`, else before the first element.
 * Pages may omit all three, and a `head` further down, as in a `template`, does not count (HTML §13.2.6.4.7).
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
  // The first element of a page is a first child. The selector `*` would cost a call per element.
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

/** `GET /kit.js`: the page script. It is the same for everybody and contains no secrets. */
export function pageScriptRoutes() {
  return new Hono<EdgeEnv>().get('/kit.js', (c) =>
    c.body(PAGE_SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600',
      'cross-origin-resource-policy': 'same-origin',
    }),
  )
}

/** Whether the Content-Security-Policy of a page lets our script run, and the nonce that it needs, if any. */
export type ScriptPermission =
  | { readonly allowed: false }
  | { readonly allowed: true; readonly nonce: string | null }

const REFUSED: ScriptPermission = { allowed: false }
const NONCE = /^'nonce-[A-Za-z0-9+/_-]+={0,2}'$/

/**
 * Reads `Content-Security-Policy` (CSP Level 3) for a script from the page's own origin. Every policy must allow
 * it. Otherwise the page stays unchanged, because a blocked script would only write errors to its console.
 */
export function scriptPermissionOf(header: string | null, publicOrigin: string): ScriptPermission {
  const policies = (header ?? '').split(',').map(directivesOf)
  if (policies.some(isSandboxed)) return REFUSED
  const sources = policies.map(scriptSources).filter((list) => list !== null)
  const nonce = sources.flat().find((source) => NONCE.test(source))
  const isAllowed = sources.every(
    (list) => allowsOrigin(list, publicOrigin) || list.some((source) => source === nonce),
  )
  return isAllowed ? { allowed: true, nonce: nonce?.slice("'nonce-".length, -1) ?? null } : REFUSED
}

type Directives = ReadonlyMap<string, readonly string[]>

function directivesOf(policy: string): Directives {
  const directives = new Map<string, readonly string[]>()
  for (const part of policy.split(';')) {
    const [name = '', ...values] = part.trim().split(/\s+/)
    // Of several directives with one name, the first counts (CSP §2.2.1).
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values)
  }
  return directives
}

function isSandboxed(directives: Directives): boolean {
  return directives.get('sandbox')?.includes('allow-scripts') === false
}

/** The source list for scripts; `null`: this policy does not restrict them. */
function scriptSources(directives: Directives): readonly string[] | null {
  const names = ['script-src-elem', 'script-src', 'default-src']
  return names.map((name) => directives.get(name)).find((list) => list !== undefined) ?? null
}

/** Whether a source list allows our origin. `'strict-dynamic'` makes browsers ignore hosts. */
function allowsOrigin(sources: readonly string[], publicOrigin: string): boolean {
  const { protocol, host } = new URL(publicOrigin)
  const addresses = ["'self'", '*', protocol, host, publicOrigin]
  const lower = sources.map((source) => source.toLowerCase().replace(/\/$/, ''))
  return !lower.includes("'strict-dynamic'") && lower.some((source) => addresses.includes(source))
}
