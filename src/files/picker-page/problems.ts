import type { Problem } from './token-broker.ts'
import type { Action } from './view.ts'

export const NOT_FRAMED: Problem = {
  title: 'The file picker did not appear',
  detail: 'It may not be allowed inside another page. It can open in a window of its own.',
}
export const SILENT: Problem = {
  title: 'The file picker did not appear',
  detail: 'Your browser or organisation may block Microsoft’s page.',
}
export const BLOCKED: Problem = {
  title: 'The window was blocked',
  detail: 'Allow pop-up windows for this site, then try again.',
}

/** Sign-in and consent refuse to be framed, so they get a window; afterwards the person tries again. */
export function remedies({ remedyUrl }: Problem): readonly Action[] {
  if (remedyUrl === undefined) return []
  return [{ label: 'Continue', run: () => void window.open(remedyUrl, '_blank', 'noopener') }]
}
