import type { Variables } from './variables.ts'

/** What is added to the chat's pages. */
export interface KitSettings {
  /** The script that turns the end of a session into one reload. */
  readonly guard: boolean
}

/** `KIT_INJECT`. Accepting what changes nothing would be worse than refusing it. */
export function readKit(variables: Variables): KitSettings {
  const read = (part: string) => (part === 'guard' ? part : null)
  const fix = 'Write guard, or leave it out'
  const wanted = variables.entries('KIT_INJECT', read, 'in this version', fix)
  return { guard: wanted.length > 0 }
}
