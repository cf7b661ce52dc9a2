import { parse, type HTMLElement } from 'node-html-parser'
import type { Initiator } from './request-headers.ts'

/** One response in the redirect chain of a page. */
export interface Hop {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
}

/** The page that a tab shows after a navigation. */
export class Page implements Initiator {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** Every response of the chain, this page's last. */
  readonly hops: readonly Hop[]
  #html: HTMLElement | null = null

  constructor(hops: readonly Hop[], bytes: Uint8Array) {
    const last = hops.at(-1)
    if (last === undefined) throw new Error('a page is the last of at least one answer')
    this.url = last.url
    this.status = last.status
    this.headers = last.headers
    this.bytes = bytes
    this.hops = hops
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes)
  }

  json(): unknown {
    return JSON.parse(this.text)
  }

  get html(): HTMLElement {
    this.#html ??= parse(this.text)
    return this.#html
  }

  get title(): string {
    return this.html.querySelector('title')?.text ?? ''
  }

  get referrerPolicy(): string | null {
    return this.headers.get('referrer-policy')
  }

  /** Describes the page in one line for error messages. */
  describe(): string {
    const words = (this.html.querySelector('main') ?? this.html).structuredText.replace(/\s+/g, ' ')
    return `${this.status} ${this.url.href} “${this.title}” ${words.slice(0, 300)}`
  }

  /** Whether the page's `form-action` allows a form to be sent there, directly or by a redirect. */
  allowsFormTo(url: URL): boolean {
    const directive = this.headers
      .get('content-security-policy')
      ?.split(';')
      .map((part) => part.trim().split(/\s+/))
      .find(([name]) => name === 'form-action')
    if (directive === undefined) return true
    return directive.slice(1).some((source) => {
      if (source === "'self'") return url.origin === this.url.origin
      if (/^[a-z]+:$/.test(source)) return url.protocol === source
      return source === '*' || url.href.startsWith(source)
    })
  }
}
