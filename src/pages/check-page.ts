import { html } from 'hono/html'
import { button, renderCard } from './page.ts'

/** One thing that was looked at. */
export interface CheckPageRow {
  /** Stable, for programs; shown with spaces. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found. */
  readonly detail: string
  /** What to do about it. */
  readonly fix?: string
}

const STYLE =
  '.card{max-width:42rem}.facts{margin-top:1rem;padding-top:1rem}p{overflow-wrap:anywhere}h2{font-size:1rem;color:var(--ink)}h2 b{display:inline-block;min-width:5rem;color:var(--stop)}[data-status=ok] b{color:var(--done)}[data-status=skipped] b{color:var(--soft)}'

/** The set-up check for whoever looks at it in a browser; programs get the same as JSON. */
export function checkPage(ok: boolean, checks: readonly CheckPageRow[]): Promise<Response> {
  const title = ok ? 'The set-up holds' : 'The set-up does not hold'
  const content = checks.map(
    ({ name, status, detail, fix }) =>
      html`<section class="facts">
        <h2 data-status="${status}"><b>${status}</b> ${name.replaceAll('_', ' ')}</h2>
        <p>${detail}</p>
        ${fix === undefined ? '' : html`<p class="soft">${fix}</p>`}
      </section>`,
  )
  const again = html`<p class="actions">${button('', 'Check again')}</p>`
  return renderCard(html`${content}${again}`, { title, tone: ok ? 'done' : 'stop', style: STYLE })
}
