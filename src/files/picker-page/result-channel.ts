import type { PickedItem } from './picked-items.ts'

export type PickerResult =
  | {
      readonly type: 'entrada:picked'
      readonly channel: string
      readonly items: readonly PickedItem[]
    }
  | { readonly type: 'entrada:closed'; readonly channel: string }

/**
 * Tells the page that opened us, twice: to the parent or opener, and over a channel that also works where
 * Cross-Origin-Opener-Policy has cut the opener off. Only our own origin hears either.
 */
export function report(result: PickerResult, publicOrigin: string): void {
  const channel = new BroadcastChannel('entrada-picker')
  channel.postMessage(result)
  channel.close()
  const parent = window.parent === window ? null : window.parent
  const opener: unknown = window.opener
  for (const target of [parent, opener]) {
    if (isWindow(target)) target.postMessage(result, publicOrigin)
  }
}

/** Of another origin's window hardly more than this can be seen. */
function isWindow(value: unknown): value is Window {
  return typeof value === 'object' && value !== null && 'postMessage' in value
}
