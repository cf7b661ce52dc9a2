import { html } from 'hono/html'
import * as v from 'valibot'
import { PICKER_SCRIPT } from '../browser/generated/picker.ts'
import type { PickerConfig } from '../browser/picker/config.ts'
import { EntradaFailure } from '../failure.ts'
import { renderPage } from '../pages/page.ts'
import type { Settings } from '../settings/settings.ts'
import type { UserHosts } from './user-hosts.ts'

/** The URL of Microsoft's picker and its options without `messaging`, which the page adds at each launch. */
export type PickerOpening = Pick<PickerConfig, 'launchUrl' | 'options'>

/** Starts in OneDrive or in SharePoint sites, as requested; without a OneDrive in sites, and the other way round. */
export function pickerOpening(request: PickerRequest, hosts: UserHosts): PickerOpening {
  const { oneDrive, sitesUrl } = hosts
  const { start } = request
  const isOneDrive = oneDrive !== null && (start !== 'sites' || sitesUrl === null)
  const url = (isOneDrive ? oneDrive : sitesUrl) ?? ''
  const web = decodeURI(new URL(url).pathname.slice(1))
  const entry = isOneDrive
    ? { oneDrive: start === 'recent' ? { recent: {} } : { files: {} } }
    : { sharePoint: web === '' ? {} : { byPath: { web: `/${web}` } } }
  return {
    launchUrl: `${url}/_layouts/15/FilePicker.aspx`,
    options: optionsOf(request, hosts, entry),
  }
}

/**
 * Options of File Picker v8. The picker is read-only, and its command returns no pre-authenticated download URLs: those
 * must not reach a browser.
 */
function optionsOf(
  { isMultiple, maxFiles, types }: PickerRequest,
  { oneDrive, sitesUrl }: UserHosts,
  entry: object,
): PickerConfig['options'] {
  const hasOneDrive = oneDrive !== null
  const hasSites = sitesUrl !== null
  return {
    sdk: '8.0',
    entry,
    authentication: {
      enabled: true,
      tokens: { graph: false, sharePoint: true, substrate: false },
      claimsChallenge: { enabled: true },
    },
    typesAndSources: {
      mode: 'files',
      access: { mode: 'read' },
      ...(types.length === 0 ? {} : { filters: types }),
      pivots: {
        oneDrive: hasOneDrive,
        recent: hasOneDrive,
        sharedLibraries: hasSites,
        myOrganization: hasSites,
        site: hasSites,
      },
    },
    // Without persistence the picker drops the selection when a person opens another folder.
    selection: isMultiple
      ? { mode: 'multiple', maximumCount: maxFiles, enablePersistence: true }
      : { mode: 'single' },
    search: { enabled: true },
    commands: {
      pick: { action: 'select' },
      upload: { enabled: false },
      createFolder: { enabled: false },
    },
  }
}

const STYLE = `
#picker-stage iframe,#picker-overlay{position:fixed;inset:0;width:100%;height:100%;border:0}
#picker-overlay{display:grid;place-items:center;padding:1.5rem;background:var(--ground)}
#picker-overlay[hidden],#picker-overlay p:empty{display:none}
`

const NOTHING: PickerOpening = { launchUrl: '', options: {} }

/**
 * The page around Microsoft's picker. As a page of Entrada, it spares the chat app a content policy for Microsoft.
 * @param hosts `null` for a page that shows a problem instead. In a frame, a problem document would appear as JSON or
 *   lead to Microsoft's sign-in, which refuses to be framed
 */
export function pickerPage(
  request: PickerRequest,
  { publicOrigin, files }: Settings,
  hosts: UserHosts | null,
  status = 200,
): Promise<Response> {
  const { channel, locale, theme, maxFiles } = request
  const opening = hosts === null ? NOTHING : pickerOpening(request, hosts)
  // The content policy allows exactly the person's hosts, so the token's form can go nowhere else.
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
          <p id="picker-text">Microsoft’s file picker is loading.</p>
          <p class="actions" id="picker-actions"></p>
          <p class="soft" id="picker-facts"></p>
          <noscript>This page needs JavaScript. Allow it, then reload.</noscript>
        </section>
      </div>
    </main>`,
    script: PICKER_SCRIPT,
    style: STYLE,
    policy: { 'frame-src': allowed, 'form-action': allowed, 'frame-ancestors': "'self'" },
    // With `no-referrer` the browser would send `Origin: null`, which SharePoint may refuse.
    headers: { 'referrer-policy': 'strict-origin' },
  })
}

/** Extensions such as `.pdf`, or the picker's own keywords. */
const TYPE = /^(?:\.[a-z0-9]{1,12}|file|media|photo|video|audio|document|onenote)$/
const LOCALE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/

/** The query of `GET /.entrada/picker`. */
const Query = v.object({
  /** A nonce of the chat app's page: long enough to be unique, without characters that need encoding. */
  channel: v.pipe(v.optional(v.string(), ''), v.regex(/^[A-Za-z0-9_-]{8,64}$/)),
  start: v.optional(v.picklist(['onedrive', 'recent', 'sites']), 'onedrive'),
  mode: v.optional(v.string()),
  max: v.optional(v.pipe(v.string(), v.regex(/^[1-9]\d{0,3}$/), v.transform(Number)), '9999'),
  types: v.pipe(
    v.optional(v.string(), ''),
    v.transform((list): string[] => list.toLowerCase().match(/[^\s,]+/g) ?? []),
    v.array(v.pipe(v.string(), v.regex(TYPE))),
    v.maxLength(50),
  ),
  locale: v.optional(v.string(), ''),
  theme: v.optional(v.picklist(['default', 'dark', 'auto']), 'auto'),
})

export interface PickerRequest extends Omit<v.InferOutput<typeof Query>, 'mode' | 'max'> {
  readonly isMultiple: boolean
  /** The limit on chosen files; at most the operator's. */
  readonly maxFiles: number
}

/**
 * Reads the query of `GET /.entrada/picker`.
 * @throws EntradaFailure `invalid_request`, with the parameter's name
 */
export function readPickerRequest(request: Request, maxFiles: number): PickerRequest {
  const parsed = v.safeParse(Query, Object.fromEntries(new URL(request.url).searchParams))
  if (!parsed.success) {
    const [{ path, expected }] = parsed.issues
    const detail = `${String(path?.[0].key)}: expected ${expected}.`
    throw new EntradaFailure('invalid_request', { detail })
  }
  const { mode, max, ...rest } = parsed.output
  const isMultiple = mode !== 'single'
  const preferred = request.headers.get('accept-language')?.split(/[,;]/)[0] ?? ''
  // The chat app's choice first, then the browser's first preference.
  const tags = [rest.locale, preferred].map((tag) => tag.trim().toLowerCase())
  return {
    ...rest,
    locale: tags.find((tag) => LOCALE.test(tag)) ?? 'en-us',
    isMultiple,
    maxFiles: isMultiple ? Math.min(max, maxFiles) : 1,
  }
}
