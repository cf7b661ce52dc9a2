import { userId } from './session.js'

const KEY = `contoso-chat:${userId}`

/**
 * Keeps the conversation and the unsent message over a reload and a new sign-in, in this tab only.
 * A different person who signs in here does not see them.
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
