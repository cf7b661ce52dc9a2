import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readRetryAfter } from '../../src/time.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('Wed, 21 Oct 2026 07:28:00 GMT') })
})
afterEach(() => {
  vi.useRealTimers()
})

test.each<[string, number | null]>([
  ['30', 30],
  ['10.5', 11],
  ['0', 1],
  ['0.2', 1],
  ['999999999', 3600],
  [`1${'0'.repeat(400)}`, 3600],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 1],
  ['Thu, 22 Oct 2026 07:28:00 GMT', 3600],
  ['10, 20', 20],
  ['20, 10', 20],
  ['10, soon', 10],
  ['10, Wed, 21 Oct 2026 07:28:30 GMT', 30],
  ['Wed, 21 Oct 2026 07:28:30 GMT, Wed, 21 Oct 2026 07:28:20 GMT', 30],
  ['', null],
  ['soon', null],
  ['-5', null],
  ['1e3', null],
  ['0x10', null],
  ['Wed, 99 Oct 2026 07:28:30 GMT', null],
  ['2026', 2026],
])('Retry-After: %s is a pause of %s seconds', (value, seconds) => {
  expect(readRetryAfter(new Headers({ 'retry-after': value }))).toBe(seconds)
})

test('two lines are two values', () => {
  const headers = new Headers({ 'retry-after': '5' })
  headers.append('retry-after', '7')
  expect(readRetryAfter(headers)).toBe(7)
})

test('no Retry-After is no pause', () => {
  expect(readRetryAfter(new Headers())).toBeNull()
})
