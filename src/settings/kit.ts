import type { Variables } from './variables.ts'

/** What is added to the chat's pages. */
export interface KitSettings {
  /** The script that turns the end of a session into one reload. */
  readonly guard: boolean
}

/** `KIT_INJECT` */
export function readKit(variables: Variables): KitSettings {
  const wanted = variables.list('KIT_INJECT')
  for (const part of wanted) {
    if (part === 'guard') continue
    // Accepting a setting that changes nothing would be worse than refusing it.
    const isPlanned = part === 'files' || part === 'people'
    const problem = isPlanned ? 'which this version does not have yet' : 'which there is not'
    variables.problem(
      'KIT_INJECT',
      `asks for “${part}”, ${problem}`,
      'Write guard, or leave it out',
    )
  }
  return { guard: wanted.includes('guard') }
}
