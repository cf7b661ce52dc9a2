import { randomBytes } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { NO_STORE } from './error-response.ts'

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2330; --dim: #5b6475; --line: #d4d9e2; --card: #fff;
    --ground: #eef1f6; --accent: #2f5bd0; --warn: #a3271b }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --dim: #a2abbd; --line: #3a4252;
    --card: #1b202b; --ground: #11151d; --accent: #8fb0ff; --warn: #ff9d8f } }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 1.5rem;
    background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
  main { width: min(28rem, calc(100vw - 3rem)); padding: 2rem; background: var(--card);
    border: 1px solid var(--line); border-radius: .75rem }
  .brand { margin: 0 0 1rem; color: var(--dim); font-size: .875rem }
  h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.25 }
  h2 { margin: 1.25rem 0 .25rem; font-size: 1rem }
  p { margin: 0 0 1rem }
  ul { margin: 0 0 1rem; padding-left: 1.25rem }
  small, .dim { color: var(--dim); font-size: .875rem }
  .warning { color: var(--warn); overflow-wrap: anywhere }
  label { display: block; margin: 1rem 0 .25rem }
  input[type=text] { width: 100%; padding: .5rem .625rem; font: inherit; color: inherit;
    background: transparent; border: 1px solid var(--dim); border-radius: .375rem }
  button { padding: .5rem 1rem; font: inherit; color: var(--card); background: var(--accent);
    border: 1px solid var(--accent); border-radius: .375rem; cursor: pointer }
  button.quiet { color: inherit; background: transparent; border-color: var(--line) }
  button.account { display: block; width: 100%; margin: 0 0 .5rem; padding: .5rem .75rem;
    text-align: left; line-height: 1.4; color: inherit; background: transparent; border-color: var(--line) }
  button.account:hover { border-color: var(--accent) }
  button.account span { display: block; overflow-wrap: anywhere }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1rem }
  iframe { position: absolute; width: 1px; height: 1px; border: 0 }
  a { color: var(--accent) }
`

export interface Page {
  readonly title: string
  readonly content: Markup
  readonly status?: number
  /** Script to run where scripts are enabled; the page must work without it. */
  readonly script?: string
  /** Origins the page may frame. */
  readonly frames?: readonly string[]
  /** Redirects to this address after a short delay. */
  readonly leavesFor?: string
}

/**
 * A page of the sign-in service. It cannot be framed and severs its opener. Entra's pages do the
 * same for every application registered from 2027-01-31 on.
 */
export async function renderPage(page: Page): Promise<Response> {
  const nonce = randomBytes(16).toString('base64')
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    `frame-src ${(page.frames ?? ["'none'"]).join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    // No `form-action`: Chromium also applies it to the redirect after a form, which leaves this
    // host.
  ].join('; ')
  const script =
    page.script === undefined
      ? ''
      : html`<script nonce="${nonce}">
          ${raw(page.script)}
        </script>`
  const leave =
    page.leavesFor === undefined
      ? ''
      : html`<meta http-equiv="refresh" content="2;url=${page.leavesFor}" />`
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title} - Contoso sandbox sign-in</title>
        ${leave}
        <style nonce="${nonce}">
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">Contoso sandbox sign-in</p>
          ${page.content}
        </main>
        ${script}
      </body>
    </html>`
  return new Response(text.toString(), {
    status: page.status ?? 200,
    headers: {
      ...NO_STORE,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
  })
}

/** Hidden form fields that carry the request's parameters. */
export function hiddenInputs(parameters: Iterable<readonly [string, string]>): Markup {
  const inputs = [...parameters].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  return html`${inputs}`
}
