import { navigationOf } from '../navigation.ts'
import type { RequestHead } from '../request-head.ts'
import { scriptPermission } from './script-policy.ts'

/** What the rewriter can decode and write again. */
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br'])
const HTML = /^text\/html\s*(?:;\s*charset="?utf-8"?\s*)?$/i

/** Puts Entrada's script first into a page of the chat that a person has opened; else the answer is as it was. */
export function injectionFor(publicOrigin: string) {
  return (request: RequestHead, response: Response): Response => {
    const isPage = request.method === 'GET' && navigationOf(request) === 'document'
    if (!isPage || !isRewritable(response)) return response
    const policy = response.headers.get('content-security-policy')
    const permission = scriptPermission(policy, publicOrigin)
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
  const rewriter = new HTMLRewriter().on('head, body', first).onDocument({
    end(end) {
      if (!isDone) end.append(tag, { html: true })
    },
  })
  return rewriter.transform(response)
}
