import { html } from 'hono/html'
import { renderPage } from '../pages/page.ts'
import type { Settings } from '../settings/settings.ts'
import type { UserHosts } from './user-hosts.ts'
import type { PickerConfig } from './picker-page/config.ts'
import { pickerOpening, type PickerOpening } from './picker-options.ts'
import type { PickerRequest } from './picker-request.ts'
import { PICKER_SCRIPT } from './picker-script.ts'

const STYLE = `
body{display:block;place-items:normal;padding:0;height:100vh;height:100dvh}
.picker{position:relative;height:100%}
#picker-stage,#picker-stage iframe{width:100%;height:100%;border:0;display:block}
#picker-overlay{position:absolute;inset:0;display:grid;place-items:center;padding:1.5rem;background:var(--ground)}
#picker-overlay[hidden],#picker-text:empty,#picker-facts:empty{display:none}
#picker-facts{font-size:.85rem;margin-top:1rem;overflow-wrap:anywhere}
`

/** The page around Microsoft's picker: ours, so that the chat's own policy need not know Microsoft. */
export function pickerPage(
  request: PickerRequest,
  settings: Settings,
  hosts: UserHosts,
): Promise<Response> {
  // Exactly the user's hosts: a form or frame that strays anywhere else is stopped by the browser.
  const allowed = [...hosts.all].join(' ')
  return page(request, settings, { ...pickerOpening(request, hosts), allowed, status: 200 })
}

/**
 * The same page with nothing to open. Inside a frame a problem document would be shown as it is, and a way to
 * sign in or consent would lead nowhere, because Microsoft refuses to be framed.
 */
export function pickerProblemPage(
  request: PickerRequest,
  settings: Settings,
  status: number,
): Promise<Response> {
  return page(request, settings, { launchUrl: '', options: {}, allowed: "'none'", status })
}

interface PageParts extends PickerOpening {
  /** Hosts to frame and to post to. */
  readonly allowed: string
  readonly status: number
}

function page(
  { channel, locale, theme, maxFiles }: PickerRequest,
  { publicOrigin, files }: Settings,
  { launchUrl, options, allowed, status }: PageParts,
): Promise<Response> {
  const { maxFileBytes } = files
  const config: PickerConfig = {
    channel,
    publicOrigin,
    launchUrl,
    locale,
    options,
    theme,
    maxFiles,
    maxFileBytes,
  }
  return renderPage({
    title: 'Choose files',
    status,
    body: html`<main class="picker" id="picker" data-config="${JSON.stringify(config)}">
      <div id="picker-stage"></div>
      <div id="picker-overlay">
        <section class="card" aria-live="polite" aria-labelledby="picker-heading">
          <h1 id="picker-heading">Opening your files…</h1>
          <p id="picker-text">Microsoft’s file picker is on its way.</p>
          <p class="actions" id="picker-actions"></p>
          <p class="soft" id="picker-facts"></p>
        </section>
      </div>
      <noscript>Microsoft’s file picker needs JavaScript.</noscript>
    </main>`,
    script: PICKER_SCRIPT,
    style: STYLE,
    policy: { 'frame-src': allowed, 'form-action': allowed, 'frame-ancestors': "'self'" },
    headers: {
      'cache-control': 'no-store',
      // With `no-referrer` the form would go out with `Origin: null`, which SharePoint need not accept.
      'referrer-policy': 'strict-origin',
    },
  })
}
