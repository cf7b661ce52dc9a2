import type { PickerConfig } from './config.ts'
import { type PickedItem, record } from './picked-items.ts'
import type { Target } from './view.ts'

export interface Launch {
  readonly config: PickerConfig
  readonly target: Target
  readonly token: string
  /** Called with a port whenever Microsoft's page says hello: again when it reloads. */
  onInitialize(port: MessagePort): void
}

/**
 * Sends the browser to Microsoft's picker: a form, because the token must not be in an address.
 * @returns what stops listening
 */
export function launchPicker({ config, target, token, onInitialize }: Launch): () => void {
  const { launchUrl, locale, options, publicOrigin: origin, theme } = config
  const channelId = crypto.randomUUID()
  const url = new URL(launchUrl)
  const listen = (event: MessageEvent) => {
    // Source, origin and channel: any page can post to us, and two of the three can be had by accident.
    if (event.source !== target.window || event.origin !== url.origin) return
    const { type, channelId: said } = record(event.data)
    const [port] = event.ports
    if (type === 'initialize' && said === channelId && port !== undefined) onInitialize(port)
  }
  addEventListener('message', listen)
  const filePicker = {
    ...options,
    theme: theme === 'auto' ? preferredTheme() : theme,
    messaging: { origin, channelId },
  }
  url.searchParams.set('filePicker', JSON.stringify(filePicker))
  url.searchParams.set('locale', locale)
  const form = document.createElement('form')
  Object.assign(form, { action: url.href, method: 'post', target: target.name, hidden: true })
  const field = document.createElement('input')
  Object.assign(field, { type: 'hidden', name: 'access_token', value: token })
  form.append(field)
  document.body.append(form)
  form.submit()
  // The browser has taken what it sends; the token is not left lying in the page.
  form.remove()
  return () => removeEventListener('message', listen)
}

function preferredTheme(): 'default' | 'dark' {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'default'
}

export type PickerResult =
  | { readonly type: 'entrada:picked'; readonly items: readonly PickedItem[] }
  | { readonly type: 'entrada:closed' }

/**
 * Tells the page that opened us, twice: to the parent or opener, and over a channel that also works where
 * Cross-Origin-Opener-Policy has cut the opener off. Only our own origin hears either.
 */
export function report(
  result: PickerResult,
  { channel, publicOrigin }: { readonly channel: string; readonly publicOrigin: string },
): void {
  const message = { ...result, channel }
  const broadcast = new BroadcastChannel('entrada-picker')
  broadcast.postMessage(message)
  broadcast.close()
  // Its own parent where nobody frames it; then it tells itself, and nobody listens.
  window.parent.postMessage(message, publicOrigin)
  const opener: unknown = window.opener
  if (isWindow(opener)) opener.postMessage(message, publicOrigin)
}

/** Of another origin's window hardly more than this can be seen. */
function isWindow(value: unknown): value is Window {
  return typeof value === 'object' && value !== null && 'postMessage' in value
}
