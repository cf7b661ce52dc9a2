import { html } from 'hono/html'
import { renderPage } from '../pages/page.ts'
import type { Settings } from '../settings/settings.ts'
import type { UserHosts } from './user-hosts.ts'
import type { PickerConfig } from './picker-page/config.ts'
import { pickerOpening, type PickerOpening } from './picker-options.ts'
import type { PickerRequest } from './picker-request.ts'
import { PICKER_SCRIPT } from './picker-script.ts'

const STYLE = `
#picker-stage iframe,#picker-overlay{position:fixed;inset:0;width:100%;height:100%;border:0}
#picker-overlay{display:grid;place-items:center;padding:1.5rem;background:var(--ground)}
#picker-overlay[hidden],#picker-overlay p:empty{display:none}
`

const NOTHING: PickerOpening = { launchUrl: '', options: {} }

/**
 * The page around Microsoft's picker: ours, so that the chat's own policy need not know Microsoft.
 * @param hosts `null` for the same page with nothing to open. Inside a frame a problem document would be shown
 *   as it is, and a way to sign in or consent would lead nowhere, because Microsoft refuses to be framed
 */
export function pickerPage(
  request: PickerRequest,
  { publicOrigin, files }: Settings,
  hosts: UserHosts | null,
  status = 200,
): Promise<Response> {
  const { channel, locale, theme, maxFiles } = request
  const opening = hosts === null ? NOTHING : pickerOpening(request, hosts)
  // Exactly the user's hosts: a form or frame that strays anywhere else is stopped by the browser.
  const allowed = hosts === null ? "'none'" : [...hosts.all].join(' ')
  const config: PickerConfig = {
    ...opening,
    channel,
    publicOrigin,
    locale,
    theme,
    maxFiles,
    maxFileBytes: files.maxFileBytes,
  }
  return renderPage({
    title: 'Choose files',
    status,
    body: html`<main id="picker" data-config="${JSON.stringify(config)}">
      <div id="picker-stage"></div>
      <div id="picker-overlay">
        <section class="card" aria-live="polite" aria-labelledby="picker-heading">
          <h1 id="picker-heading">Opening your files…</h1>
          <p id="picker-text">Microsoft’s file picker is on its way.</p>
          <p class="actions" id="picker-actions"></p>
          <p class="soft" id="picker-facts"></p>
          <noscript>Microsoft’s file picker needs JavaScript.</noscript>
        </section>
      </div>
    </main>`,
    script: PICKER_SCRIPT,
    style: STYLE,
    policy: { 'frame-src': allowed, 'form-action': allowed, 'frame-ancestors': "'self'" },
    // With `no-referrer` the form would go out with `Origin: null`, which SharePoint need not accept.
    headers: { 'referrer-policy': 'strict-origin' },
  })
}
