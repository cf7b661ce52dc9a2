import type { Variables } from './variables.ts'

/** What is added to the chat's pages. */
export interface KitSettings {
  /** The script that turns the end of a session into one reload. */
  readonly guard: boolean
}

/** `KIT_INJECT`. Accepting what changes nothing would be worse than refusing it. */
export function readKit(variables: Variables): KitSettings {
  const wanted = variables.entries('KIT_INJECT', (part) => (part === 'guard' ? part : null), {
    kind: 'in this version',
    fix: 'Write guard, or leave it out',
  })
  return { guard: wanted.length > 0 }
}
