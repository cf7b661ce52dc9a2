import { afterEach, beforeEach, vi } from 'vitest'

export const MINUTE = 60 * 1000
export const DAY = 24 * 60 * MINUTE

/** Freezes the date in every test of a file; timers and promises still run. */
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
