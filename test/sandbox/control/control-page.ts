import { readFileSync } from 'node:fs'
import { html } from 'hono/html'
import { CAST } from '../directory/cast.ts'
import { FAULTS, type FaultName, type FaultSetting, isFaultName } from '../faults.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type RequestLine, requestLines } from './request-lines.ts'

function pageFile(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8')
}

export const CONTROL_ASSETS: ReadonlyMap<string, { readonly type: string; readonly text: string }> =
  new Map([
    ['/control.css', { type: 'text/css', text: pageFile('control.css') }],
    ['/control.js', { type: 'text/javascript', text: pageFile('control.js') }],
  ])

const GROUPS = [
  { prefix: 'entra.', title: 'Sign-in', words: 'Entra: discovery, keys, authorize and token' },
  { prefix: 'graph.', title: 'Graph', words: 'people, groups, photos and file metadata' },
  { prefix: 'files.', title: 'Files', words: 'content, redirects and the download host' },
  { prefix: 'picker.', title: 'File picker', words: "SharePoint's page inside the dialog" },
] as const

/** The switchboard. Works without script; the script only updates the list of requests. */
export function controlPage(world: SandboxWorld) {
  const on = world.faults.list()
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Simulate Microsoft failures</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/control.css" />
        <script type="module" src="/control.js"></script>
      </head>
      <body>
        <header>
          <div>
            <h1>Simulate Microsoft failures</h1>
            <p>
              Each switch makes the sandbox answer as Microsoft does when it fails. Turn one on,
              then use the chat.
            </p>
          </div>
          <form method="post" action="/faults/off">
            <button class="all-off" ${on.size === 0 ? 'disabled' : ''}>
              ${on.size === 0 ? 'No failure is on' : `Turn off ${on.size}`}
            </button>
          </form>
        </header>
        <main>
          ${GROUPS.map(
            ({ prefix, title, words }) =>
              html`<section aria-labelledby="${prefix}title">
                <h2 id="${prefix}title">${title} <small>${words}</small></h2>
                <ul>
                  ${Object.keys(FAULTS)
                    .filter(isFaultName)
                    .filter((name) => name.startsWith(prefix))
                    .map((name) => faultRow(name, on.get(name)))}
                </ul>
              </section>`,
          )}
        </main>
        <aside aria-labelledby="requests-title">
          <h2 id="requests-title">Requests <small>latest first, secrets left out</small></h2>
          <ol id="requests">
            ${requestLines(world.journal.all).map(requestRow)}
          </ol>
        </aside>
      </body>
    </html>`
}

function faultRow(name: FaultName, setting: FaultSetting | undefined) {
  if (setting !== undefined) {
    return html`<li id="${name}" class="on">
      <form method="post" action="/faults/${name}/off">
        <button
          class="switch"
          role="switch"
          aria-checked="true"
          aria-labelledby="${name}-name"
        ></button>
      </form>
      <div>
        <code id="${name}-name">${name}</code>
        <p>${wordsOf(name)}</p>
        <p class="how">${howOf(setting)}</p>
      </div>
    </li>`
  }
  return html`<li id="${name}">
    <form id="${name}-form" method="post" action="/faults/${name}/on">
      <button
        class="switch"
        role="switch"
        aria-checked="false"
        aria-labelledby="${name}-name"
      ></button>
    </form>
    <div>
      <code id="${name}-name">${name}</code>
      <p>${wordsOf(name)}</p>
    </div>
    <details>
      <summary aria-label="Limits of ${name}">limits</summary>
      <div class="fields">
        ${field(name, 'times', 'requests', 'until off')}
        ${field(name, 'delayMs', 'delay, ms', 'default')}
        ${field(name, 'retryAfterSeconds', 'Retry-After, s', 'default')}
        <label
          >person
          <select name="userId" form="${name}-form">
            <option value="">everyone</option>
            ${Object.entries(CAST).map(([person, { id }]) => html`<option value="${id}">${person}</option>`)}
          </select>
        </label>
      </div>
    </details>
  </li>`
}

function field(fault: FaultName, name: string, label: string, placeholder: string) {
  return html`<label
    >${label}
    <input
      name="${name}"
      form="${fault}-form"
      inputmode="numeric"
      pattern="[0-9]*"
      placeholder="${placeholder}"
    />
  </label>`
}

/** A failure's description; names in backticks become code. */
function wordsOf(name: FaultName) {
  return FAULTS[name]
    .split('`')
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
}

function howOf({ times, delayMs, retryAfterSeconds, userId }: FaultSetting): string {
  const person = Object.entries(CAST).find(([, { id }]) => id === userId)?.[0] ?? userId
  return [
    Number.isFinite(times) ? `for ${times} more` : 'until turned off',
    delayMs === undefined ? [] : `${delayMs} ms`,
    retryAfterSeconds === undefined ? [] : `Retry-After ${retryAfterSeconds}`,
    person === undefined ? [] : `only ${person}`,
  ]
    .flat()
    .join(' · ')
}

function requestRow({ host, method, path, query, form }: RequestLine) {
  return html`<li>
    <b data-host="${host}">${host}</b><span>${method}</span><code>${path}</code
    ><small>${query} ${form}</small>
  </li>`
}
