import { html, raw } from 'hono/html'
import { STYLE } from './style.ts'

type Markup = ReturnType<typeof html>

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
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const policy = {
    'default-src': "'none'",
    'style-src': `'nonce-${nonce}'`,
    'img-src': "'self' data:",
    'form-action': "'self'",
    'frame-ancestors': page.isFramed === true ? "'self'" : "'none'",
    'base-uri': "'none'",
    ...(page.script === undefined
      ? {}
      : { 'script-src': `'nonce-${nonce}'`, 'connect-src': "'self'" }),
    ...page.policy,
  }
  const script =
    page.script === undefined
      ? ''
      : raw(`<script type="module" nonce="${nonce}">${page.script}</script>`)
  const document = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${page.isFramed === true ? html`<base target="_top" />` : ''}
        <title>${page.title}</title>
        <style nonce="${nonce}">
          ${raw(STYLE)}${raw(page.style ?? '')}
        </style>
      </head>
      <body>
        ${page.body} ${script}
      </body>
    </html>`
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': Object.entries(policy)
      .map(([directive, value]) => `${directive} ${value}`)
      .join('; '),
    ...page.headers,
  })
  return new Response(String(document), { status: page.status ?? 200, headers })
}

/** What kind of news it is, for those who see colours and shapes; the words say it as well. */
export type Tone = keyof typeof MARKS

const MARKS = {
  /** A way in. */
  door: html`<path d="M8 42V20a16 16 0 0 1 32 0v22" />
    <path d="M17 42V22a7 7 0 0 1 14 0v20" />
    <path d="M4 42h40" />`,
  done: html`<path d="M8 26l11 11 21-25" />`,
  wait: html`<circle cx="24" cy="24" r="18" /> <path d="M24 13v12l8 5" />`,
  stop: html`<path d="M8 42V20a16 16 0 0 1 32 0v22z" /> <path d="M17 25h14" />`,
} as const

/** A centred card with one heading, as every page but the picker is. */
export function card(heading: string, content: Markup, tone: Tone = 'door'): Markup {
  return html`<main class="card" aria-labelledby="heading">
    <svg class="mark" data-tone="${tone}" viewBox="0 0 48 48" aria-hidden="true">
      ${MARKS[tone]}
    </svg>
    <h1 id="heading">${heading}</h1>
    ${content}
  </main>`
}
