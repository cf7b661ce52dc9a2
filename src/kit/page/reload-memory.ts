/** Kept for the tab, across the reload itself. */
const KEY = 'entrada:reloaded'

/** Without a memory it could go on for ever; then rather not at all. */
export function hasReloaded(): boolean {
  try {
    return sessionStorage.getItem(KEY) !== null
  } catch {
    return true
  }
}

/** Whether it will be remembered. */
export function rememberReload(): boolean {
  try {
    sessionStorage.setItem(KEY, '1')
    return true
  } catch {
    return false
  }
}

export function forgetReload(): void {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // Nothing was ever remembered.
  }
}
