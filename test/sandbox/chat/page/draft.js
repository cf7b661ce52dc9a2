import { userId } from './session.js'

const KEY = `contoso-chat:${userId}`

/**
 * The conversation and the unsent message survive a reload and a new sign-in, in this tab alone.
 * Another person signing in here finds nothing.
 */
export function readDraft() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith('contoso-chat:') && key !== KEY) sessionStorage.removeItem(key)
  }
  const empty = { text: '', people: [], attachments: [], messages: [] }
  try {
    return { ...empty, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') }
  } catch {
    return empty
  }
}

export function keepDraft(part) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...readDraft(), ...part }))
}

export function forgetDraft() {
  sessionStorage.removeItem(KEY)
}
