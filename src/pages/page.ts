import { html, raw } from 'hono/html'
import { STYLE } from './style.ts'

/** What the template tag makes: text in which every value is escaped. */
export type Markup = ReturnType<typeof html>

export interface Page {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Shown in a frame of our own pages: its links lead out of it. */
  readonly isFramed?: boolean
  /** Further CSP directives, e.g. the hosts a page may frame. */
  readonly policy?: Readonly<Record<string, string>>
  /** Rules of this page alone, after those of all pages. */
  readonly style?: string
  /** Module script of ours, for the one page that cannot do without. */
  readonly script?: string
}

/**
 * One of Entrada's own pages. No external loads, no script unless the page brings its own, styles and
 * script under a nonce, never framed by others.
 */
export async function renderPage(page: Page): Promise<Response> {
  const { title, body, status = 200, isFramed = false, style = '', script } = page
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const policy = {
    'default-src': "'none'",
    'style-src': `'nonce-${nonce}'`,
    'img-src': "'self' data:",
    'form-action': "'self'",
    'frame-ancestors': isFramed ? "'self'" : "'none'",
    'base-uri': "'none'",
    ...(script === undefined ? {} : { 'script-src': `'nonce-${nonce}'`, 'connect-src': "'self'" }),
    ...page.policy,
  }
  const module = `<script type="module" nonce="${nonce}">${script}</script>`
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${isFramed ? html`<base target="_top" />` : ''}
        <title>${title}</title>
        <style nonce="${nonce}">
          ${raw(STYLE + style)}
        </style>
      </head>
      <body>
        ${body} ${script === undefined ? '' : raw(module)}
      </body>
    </html>`
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': Object.entries(policy)
      .map(([directive, value]) => `${directive} ${value}`)
      .join('; '),
    ...page.headers,
  })
  return new Response(await document, { status, headers })
}

/** What kind of news it is, for those who see colours and shapes; the words say it as well. */
export type Tone = keyof typeof MARKS

const MARKS = {
  /** A way in. */
  door: 'M8 42V20a16 16 0 0 1 32 0v22M17 42V22a7 7 0 0 1 14 0v20M4 42h40',
  done: 'M8 26l11 11 21-25',
  wait: 'M24 6a18 18 0 1 0 .1 0M24 13v12l8 5',
  stop: 'M8 42V20a16 16 0 0 1 32 0v22zM17 25h14',
} as const

/** A page that is one centred card, as every page but the picker is. */
export function renderCard(
  content: Markup,
  { tone, ...page }: Omit<Page, 'body'> & { readonly tone: Tone },
): Promise<Response> {
  const body = html`<main class="card">
    <svg class="mark" data-tone="${tone}" viewBox="0 0 48 48" aria-hidden="true">
      <path d="${MARKS[tone]}" />
    </svg>
    <h1>${page.title}</h1>
    ${content}
  </main>`
  return renderPage({ ...page, body })
}

/** The one thing to do next, or `quiet`, another thing one may do. */
export function button(address: string, label: string, look: '' | 'quiet' = ''): Markup {
  return html`<a class="button ${look}" href="${address}">${label}</a>`
}
