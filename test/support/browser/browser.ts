import { CookieJar } from './cookie-jar.ts'
import { hasButton, submissionOf, type FormChoice } from './form.ts'
import { travel, type Arrival, type Internet, type Journey } from './journey.ts'
import { Page } from './page.ts'
import type { Destination, Initiator } from './request-headers.ts'

export interface BrowserOptions {
  readonly internet: Internet
  /** Base for relative addresses before the first page is open. */
  readonly home: string
  readonly jar?: CookieJar
}

export interface Visit {
  /** Origin of the page that contains the link; without it the user typed the address. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface ScriptInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit | null
  readonly mode?: 'cors' | 'no-cors' | 'same-origin'
  readonly redirect?: 'follow' | 'manual'
  readonly signal?: AbortSignal
}

/**
 * One browser tab that applies a browser's cookie, fetch and form rules. Tabs of one browser share
 * cookies.
 */
export class Browser {
  readonly cookies: CookieJar
  readonly #options: BrowserOptions
  #page: Page | null = null

  constructor(options: BrowserOptions) {
    this.#options = options
    this.cookies = options.jar ?? new CookieJar()
  }

  get page(): Page {
    if (this.#page === null) throw new Error('no page has been opened yet')
    return this.#page
  }

  /** Opens another tab. With an `internet`, its requests reach another data centre. */
  tab(internet: Internet = this.#options.internet): Browser {
    return new Browser({ ...this.#options, internet, jar: this.cookies })
  }

  /** Types an address, or follows a link on another site's page. */
  async open(address: string, { from, headers }: Visit = {}): Promise<Page> {
    const initiator = from === undefined ? null : { url: new URL(from), referrerPolicy: null }
    const url = this.#resolve(address)
    return this.#navigate({ method: 'GET', url, initiator, ...(headers && { headers }) })
  }

  /** Follows the link on the open page that matches the selector. */
  async click(selector: string): Promise<Page> {
    const href = this.page.html.querySelector(selector)?.getAttribute('href')
    if (href === undefined) throw new Error(`no link ${selector} on ${this.page.describe()}`)
    return this.#navigate({ method: 'GET', url: this.#resolve(href), initiator: this.page })
  }

  /** Fills in a form on the open page and submits it. */
  async submit(choice: FormChoice = {}): Promise<Page> {
    const { page } = this
    const onHop = (url: URL) => {
      if (page.allowsFormTo(url)) return
      throw new Error(`${page.url.href} forbids by form-action to send a form to ${url.href}`)
    }
    return this.#navigate({ ...submissionOf(page, choice), initiator: page, onHop })
  }

  /** Submits a form from another site's page automatically. */
  async post(
    address: string,
    fields: Readonly<Record<string, string>>,
    from: string,
  ): Promise<Page> {
    const initiator = { url: new URL(from), referrerPolicy: null }
    const body = new URLSearchParams(fields)
    return this.#navigate({ method: 'POST', url: this.#resolve(address), body, initiator })
  }

  /**
   * The response that a script of the open page receives; a blocked response is a TypeError, as in
   * `fetch`.
   */
  async fetch(address: string, init: ScriptInit = {}): Promise<Response> {
    const url = this.#resolve(address)
    const initiator = this.#here
    const { mode = 'cors', method = 'GET', ...rest } = init
    const { response, hops } = await this.#travel({
      ...rest,
      destination: 'empty',
      mode,
      method: method.toUpperCase(),
      url,
      initiator,
      // `credentials: same-origin` is the default.
      sendsCookies: url.origin === initiator.url.origin,
    })
    const isForeign = hops.some((hop) => hop.url.origin !== initiator.url.origin)
    const allowed = response.headers.get('access-control-allow-origin')
    if (isForeign && mode !== 'no-cors' && allowed !== '*' && allowed !== initiator.url.origin) {
      await response.body?.cancel()
      throw new TypeError(`Failed to fetch: ${hops.map((hop) => hop.url.href).join(' → ')}`)
    }
    return response
  }

  /** A sub-resource of the open page: an image, a script, a frame. */
  async load(address: string, destination: Destination): Promise<Response> {
    const modes = {
      iframe: 'navigate',
      manifest: 'cors',
      font: 'cors',
      serviceworker: 'same-origin',
    } as const
    const mode = Object.entries(modes).find(([name]) => name === destination)?.[1] ?? 'no-cors'
    const { response } = await this.#travel({
      destination,
      mode,
      method: 'GET',
      url: this.#resolve(address),
      initiator: this.#here,
      sendsCookies: true,
    })
    return response
  }

  /** Signs in from the chat's own address, accepts the consent, and ends in the chat. */
  async signIn(principalName: string, address = '/'): Promise<Page> {
    let page = await this.open(address)
    const home = new URL(this.#options.home).origin
    for (let step = 0; step < 5 && page.url.origin !== home; step++) {
      const buttons = [
        ['account', principalName],
        ['decision', 'accept'],
      ] as const
      const button = buttons.find((one) => hasButton(page, one))
      if (button === undefined) break
      page = await this.submit({ button })
    }
    if (page.url.origin !== home || page.status >= 400) {
      throw new Error(`${principalName} could not sign in: ${page.describe()}`)
    }
    return page
  }

  get #here(): Initiator {
    return this.#page ?? { url: new URL(this.#options.home), referrerPolicy: null }
  }

  #resolve(address: string): URL {
    return new URL(address, this.#page?.url ?? this.#options.home)
  }

  async #navigate(
    journey: Pick<Journey, 'method' | 'url' | 'initiator' | 'headers' | 'body' | 'onHop'>,
  ): Promise<Page> {
    const { response, hops } = await this.#travel({
      ...journey,
      destination: 'document',
      mode: 'navigate',
      sendsCookies: true,
    })
    this.#page = new Page(hops, new Uint8Array(await response.arrayBuffer()))
    return this.#page
  }

  #travel(journey: Journey): Promise<Arrival> {
    return travel(journey, this.#options.internet, this.cookies)
  }
}
