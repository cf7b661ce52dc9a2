import type { PickerConfig } from './config.ts'
import { type PickedItem, record } from './picked-items.ts'
import type { Target } from './view.ts'

export interface Launch {
  readonly config: PickerConfig
  readonly target: Target
  readonly token: string
  /** Called with a new port each time Microsoft's page sends `initialize`, also after a reload. */
  onInitialize(port: MessagePort): void
}

/**
 * Opens Microsoft's picker in the target. Posts a form, because a token must not stand in a URL.
 * @returns a function that stops listening for `initialize`
 */
export function launchPicker({ config, target, token, onInitialize }: Launch): () => void {
  const { launchUrl, locale, options, publicOrigin: origin, theme } = config
  const channelId = crypto.randomUUID()
  const url = new URL(launchUrl)
  const listen = (event: MessageEvent) => {
    // Any page can post messages here, so source, origin and channel must all match.
    if (event.source !== target.window || event.origin !== url.origin) return
    const { type, channelId: received } = record(event.data)
    const [port] = event.ports
    if (type === 'initialize' && received === channelId && port !== undefined) onInitialize(port)
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
  // The browser has copied the form, so the token need not stay in the page.
  form.remove()
  return () => removeEventListener('message', listen)
}

function preferredTheme(): 'default' | 'dark' {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'default'
}

/** The message to the chat app's page. */
export type PickerResult =
  | { readonly type: 'entrada:picked'; readonly items: readonly PickedItem[] }
  | { readonly type: 'entrada:closed' }

/**
 * Sends the result to the page that opened the picker, by two ways: to parent or opener, and over a broadcast channel.
 * The channel also works where Cross-Origin-Opener-Policy removes the opener. Both reach only Entrada's origin.
 */
export function report(
  result: PickerResult,
  { channel, publicOrigin }: { readonly channel: string; readonly publicOrigin: string },
): void {
  const message = { ...result, channel }
  const broadcast = new BroadcastChannel('entrada-picker')
  broadcast.postMessage(message)
  broadcast.close()
  // A page outside a frame is its own parent and ignores the message.
  window.parent.postMessage(message, publicOrigin)
  const opener: unknown = window.opener
  if (isWindow(opener)) opener.postMessage(message, publicOrigin)
}

/** `instanceof Window` fails for a window of another origin. */
function isWindow(value: unknown): value is Window {
  return typeof value === 'object' && value !== null && 'postMessage' in value
}
