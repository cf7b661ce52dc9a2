import { expect } from 'vitest'

/** Vitest's own matchers return `any`, which would spread into every expectation. */
export function aString(pattern: RegExp = /^/): unknown {
  return expect.stringMatching(pattern)
}

export function aNumber(): unknown {
  return expect.any(Number)
}
