import { html } from 'hono/html'
import { renderPage } from '../pages/page.ts'
import type { Settings } from '../settings/settings.ts'
import type { UserHosts } from './host-discovery.ts'
import type { PickerConfig } from './picker-page/config.ts'
import { pickerEntry, pickerOptions } from './picker-options.ts'
import type { PickerRequest } from './picker-request.ts'
import { PICKER_SCRIPT } from './picker-script.ts'

/** A slow line and a cold SharePoint front end take this long; a page that may not be framed takes for ever. */
const INITIALIZE_SECONDS = 15

const STYLE = `
body{display:block;place-items:normal;padding:0;height:100vh;height:100dvh}
.picker{position:relative;height:100%}
#picker-stage,#picker-stage iframe{width:100%;height:100%;border:0;display:block}
#picker-overlay{position:absolute;inset:0;display:grid;place-items:center;padding:1.5rem;background:var(--ground)}
#picker-overlay[hidden]{display:none}
`

/** The page around Microsoft's picker: ours, so that the chat's own policy need not know Microsoft. */
export function pickerPage(
  request: PickerRequest,
  { settings, hosts }: { readonly settings: Settings; readonly hosts: UserHosts },
): Promise<Response> {
  const { launchUrl, entry } = pickerEntry(request.start, hosts)
  const config: PickerConfig = {
    channel: request.channel,
    publicOrigin: settings.publicOrigin,
    launchUrl,
    locale: request.locale,
    options: pickerOptions(request, { entry, hosts }),
    theme: request.theme,
    maxFiles: request.maxFiles,
    maxFileBytes: settings.files.maxFileBytes,
    initializeSeconds: INITIALIZE_SECONDS,
  }
  // Exactly the user's hosts: a form or frame that strays anywhere else is stopped by the browser.
  const origins = [...hosts.all].join(' ')
  return renderPage({
    title: 'Choose files',
    body: html`<main class="picker" id="picker" data-config="${JSON.stringify(config)}">
      <div id="picker-stage"></div>
      <div id="picker-overlay">
        <section class="card" aria-live="polite" aria-labelledby="picker-heading">
          <h1 id="picker-heading">Opening your files…</h1>
          <p id="picker-text"></p>
          <p class="actions" id="picker-actions"></p>
          <p class="soft" id="picker-facts"></p>
        </section>
      </div>
      <noscript>Microsoft’s file picker needs JavaScript.</noscript>
    </main>`,
    script: PICKER_SCRIPT,
    style: STYLE,
    policy: { 'frame-src': origins, 'form-action': origins, 'frame-ancestors': "'self'" },
    headers: {
      'cache-control': 'no-store',
      // With `no-referrer` the form would go out with `Origin: null`, which SharePoint need not accept.
      'referrer-policy': 'strict-origin',
    },
  })
}
