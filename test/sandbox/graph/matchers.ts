import { expect } from 'vitest'

/** Vitest's own matchers are typed `any`, which would leak into every expectation they stand in. */
export function aString(pattern: RegExp = /^/): unknown {
  return expect.stringMatching(pattern)
}

export function aNumber(): unknown {
  return expect.any(Number)
}
