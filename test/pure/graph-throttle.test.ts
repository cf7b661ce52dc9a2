import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Throttle } from '../../src/graph/graph.ts'

const SECOND = 1000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * SECOND)
}

describe('a bucket that Graph throttles', () => {
  test('pauses at least for Retry-After, plus a random part', () => {
    const waits = Array.from({ length: 50 }, () => {
      const throttle = new Throttle()
      throttle.throttled('contoso/directory', 20)
      return throttle.wait('contoso/directory') ?? 0
    })
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(20)
      expect(wait).toBeLessThanOrEqual(25)
    }
    expect(new Set(waits).size).toBeGreaterThan(1)
  })

  test('pauses longer each time without Retry-After', () => {
    const throttle = new Throttle()
    const waits = [1, 2, 3, 4].map(() => {
      throttle.throttled('contoso/directory', null)
      const wait = throttle.wait('contoso/directory') ?? 0
      pass(wait + 11)
      return wait
    })
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(waits.at(-1)).toBeGreaterThanOrEqual(16)
  })

  test('allows one trial after the pause, and all requests after its success', () => {
    const throttle = new Throttle()
    throttle.throttled('contoso/directory', 5)
    pass(7)
    expect(throttle.wait('contoso/directory')).toBeNull()
    expect(throttle.wait('contoso/directory')).toBeGreaterThan(0)
    throttle.succeeded('contoso/directory', Date.now())
    expect(throttle.wait('contoso/directory')).toBeNull()
    expect(throttle.wait('contoso/directory')).toBeNull()
  })

  test('stays paused after the success of an earlier request', () => {
    const throttle = new Throttle()
    const sentAt = Date.now()
    pass(1)
    throttle.throttled('contoso/directory', 30)
    throttle.succeeded('contoso/directory', sentAt)
    expect(throttle.wait('contoso/directory')).toBeGreaterThan(0)
  })

  test('does not pause buckets of other tenants and services', () => {
    const throttle = new Throttle()
    throttle.throttled('contoso/directory', 30)
    expect(throttle.wait('contoso/insights')).toBeNull()
    expect(throttle.wait('fabrikam/directory')).toBeNull()
  })

  test('keeps the longest of several pauses', () => {
    const throttle = new Throttle()
    throttle.throttled('contoso/directory', 60)
    throttle.throttled('contoso/directory', 1)
    expect(throttle.wait('contoso/directory')).toBeGreaterThanOrEqual(60)
  })
})

describe('a bucket without responses', () => {
  test('pauses after four consecutive failures, not after one', () => {
    const throttle = new Throttle()
    for (const _ of [1, 2, 3]) throttle.failed('contoso/directory')
    expect(throttle.wait('contoso/directory')).toBeNull()
    throttle.failed('contoso/directory')
    expect(throttle.wait('contoso/directory')).toBeGreaterThan(0)
  })

  test('is tried again soon, and pauses longer after each failure', () => {
    const throttle = new Throttle()
    for (const _ of [1, 2, 3, 4]) throttle.failed('contoso/directory')
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
      const wait = throttle.wait('contoso/directory') ?? 0
      pass(wait)
      expect(throttle.wait('contoso/directory')).toBeNull()
      throttle.failed('contoso/directory')
      return wait
    })
    expect(waits[0]).toBeLessThanOrEqual(3)
    // A trial lasts ten seconds; a pause is at most a minute plus its random part.
    expect(Math.max(...waits)).toBeLessThanOrEqual(75)
    expect(waits.at(-1)).toBeGreaterThanOrEqual(60)
  })

  test('resets its failures at the first success', () => {
    const throttle = new Throttle()
    for (const _ of [1, 2, 3]) throttle.failed('contoso/directory')
    throttle.succeeded('contoso/directory', Date.now())
    for (const _ of [1, 2, 3]) throttle.failed('contoso/directory')
    expect(throttle.wait('contoso/directory')).toBeNull()
  })
})
