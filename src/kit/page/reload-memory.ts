/** Kept for the tab, across the reload itself. */
const KEY = 'entrada:reloaded'

/** `null` where the browser lets pages remember nothing. */
function memory(): Storage | null {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}

/** Without a memory it could go on for ever; then rather not at all. */
export function hasReloaded(): boolean {
  return memory()?.getItem(KEY) !== null
}

/** @throws when there is no room for it: then it must not happen */
export function rememberReload(): void {
  memory()?.setItem(KEY, '1')
}

export function forgetReload(): void {
  memory()?.removeItem(KEY)
}
