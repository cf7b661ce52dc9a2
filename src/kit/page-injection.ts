import { navigationOf } from '../navigation.ts'
import type { RequestHead } from '../request-head.ts'
import { scriptPermission } from './script-policy.ts'

/** What the rewriter can decode and write again. */
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br'])
const HTML = /^text\/html\s*(?:;\s*charset="?utf-8"?\s*)?$/i

/** Puts Entrada's script first into the pages of the chat app, while they stream through. */
export class PageInjection {
  readonly #publicOrigin: string

  constructor(publicOrigin: string) {
    this.#publicOrigin = publicOrigin
  }

  /** The chat's answer as it is, unless it is a page that a person has opened. */
  inject(request: RequestHead, response: Response): Response {
    if (request.method !== 'GET' || navigationOf(request) !== 'document') return response
    if (!isRewritable(response)) return response
    const policy = response.headers.get('content-security-policy')
    const permission = scriptPermission(policy, this.#publicOrigin)
    return permission.allowed ? rewrite(response, scriptTag(permission.nonce)) : response
  }
}

function isRewritable({ status, headers, body }: Response): boolean {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return (
    status === 200 &&
    body !== null &&
    HTML.test(headers.get('content-type') ?? '') &&
    ENCODINGS.has(encoding)
  )
}

/** Neither deferred nor asynchronous: it has to be there before the app's first request. */
function scriptTag(nonce: string | null): string {
  const attribute = nonce === null ? '' : ` nonce="${nonce}"`
  return `<script src="/.entrada/kit.js"${attribute}></script>`
}

/** Into the first element there is: pages may leave out `head`, and `body`, and both. */
function rewrite(response: Response, tag: string): Response {
  let isDone = false
  const first = {
    element(element: Element) {
      if (isDone) return
      isDone = true
      element.prepend(tag, { html: true })
    },
  }
  const rewriter = new HTMLRewriter()
    .on('head', first)
    .on('body', first)
    .onDocument({
      end(end) {
        if (!isDone) end.append(tag, { html: true })
      },
    })
  return rewriter.transform(response)
}
