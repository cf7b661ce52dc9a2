import type { PickedItem } from './picked-items.ts'

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
