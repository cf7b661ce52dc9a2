import { html, raw } from 'hono/html'

/** Style sheet of all pages: system fonts, both colour schemes, no motion. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e8ebf2);--soft:light-dark(#566072,#a5aebe);--ground:light-dark(#f2f4f9,#11141b);--card:light-dark(#fff,#1a1e28);--line:light-dark(#dde2ec,#2f3646);--accent:light-dark(#2b57d9,#8fabff);--done:light-dark(#157347,#6bd39a);--stop:light-dark(#a8480b,#f2a66b)}
*{box-sizing:border-box}
body{margin:0;min-height:100dvh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
.card{width:100%;max-width:31rem;background:var(--card);border:1px solid var(--line);border-radius:1.25rem;padding:min(2.25rem,6vw);box-shadow:0 1rem 3rem rgb(16 24 48/.08)}
.mark{display:block;width:3.5rem;padding:.7rem;border-radius:1rem;color:var(--accent);background:color-mix(in srgb,currentColor 12%,transparent);fill:none;stroke:currentColor;stroke-width:3.2;stroke-linecap:round;stroke-linejoin:round}
.mark[data-tone=done]{color:var(--done)}
.mark[data-tone=stop],.mark[data-tone=wait]{color:var(--stop)}
h1{font-size:1.5rem;line-height:1.25;margin:1.25rem 0 .75rem;text-wrap:balance}
h2{font-size:.8rem;margin:0 0 .5rem;color:var(--soft)}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.button{font:inherit;font-weight:600;padding:.65rem 1.2rem;border-radius:.75rem;border:1px solid var(--accent);background:var(--accent);color:var(--card);text-decoration:none;cursor:pointer}
.button.quiet{background:none;color:var(--accent);border-color:var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.facts{margin-top:1.75rem;padding-top:1.25rem;border-top:1px solid var(--line)}
dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;font-size:.8rem;color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;color:var(--ink);font-family:ui-monospace,monospace}
@media (max-width:28rem){.button{width:100%;text-align:center}dl{display:block}dd{margin-bottom:.5rem}}
`

/** Result of the `html` template tag: text in which every value is escaped. */
export type Markup = ReturnType<typeof html>

/** One page of Entrada's. */
export interface Page {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The page is shown in a frame of ours, so its links open in the top window. */
  readonly isFramed?: boolean
  /** Further CSP directives, e.g. the hosts a page may frame. */
  readonly policy?: Readonly<Record<string, string>>
  /** Style rules of this page only, after those of all pages. */
  readonly style?: string
  /** Text of a module script. */
  readonly script?: string
}

/**
 * Renders a page: no external loads, a script only where the page has one, styles and script with a nonce, and no
 * framing by other sites.
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

/** Colour and icon of a page. They only repeat what the text says. */
export type Tone = keyof typeof MARKS

const MARKS = {
  /** Sign-in or permission is possible. */
  door: 'M8 42V20a16 16 0 0 1 32 0v22M17 42V22a7 7 0 0 1 14 0v20M4 42h40',
  done: 'M8 26l11 11 21-25',
  wait: 'M24 6a18 18 0 1 0 .1 0M24 13v12l8 5',
  stop: 'M8 42V20a16 16 0 0 1 32 0v22zM17 25h14',
} as const

/** Renders a page with one centred card. Every page except the picker is one. */
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

/** A link that looks like a button. `quiet` is for an alternative to the next step. */
export function button(address: string, label: string, look: '' | 'quiet' = ''): Markup {
  return html`<a class="button ${look}" href="${address}">${label}</a>`
}
