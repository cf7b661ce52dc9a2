import { afterEach, beforeEach, vi } from 'vitest'

export const MINUTE = 60 * 1000
export const DAY = 24 * 60 * MINUTE

/** The date stands still in every test of a file; timers and promises run on. */
export function stopTheDate(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
}

export function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}
