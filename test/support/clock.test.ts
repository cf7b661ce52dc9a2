import { afterEach, beforeEach, expect, test } from 'vitest'
import { clock, installClock } from './clock.ts'

let giveBack: () => void
beforeEach(() => {
  giveBack = installClock()
})
afterEach(() => giveBack())

/** Cryptography that keeps a thread busy for longer than the event loop needs for a few turns. */
async function slowWork(): Promise<string> {
  const password = await crypto.subtle.importKey('raw', new Uint8Array(16), 'PBKDF2', false, [
    'deriveBits',
  ])
  const salt = new Uint8Array(16)
  const how = { name: 'PBKDF2', hash: 'SHA-512', salt, iterations: 100_000 }
  await crypto.subtle.deriveBits(how, password, 512)
  return 'done'
}

/** A deadline as the Worker sets them. */
function deadline(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('too late'), milliseconds))
}

test('runOut lets no time pass while cryptography is under way', async () => {
  const startedAt = clock.now()
  expect(await clock.runOut(Promise.race([slowWork(), deadline(10_000)]))).toBe('done')
  expect(clock.now() - startedAt).toBeLessThanOrEqual(1000)
})

test('advance waits for cryptography that is under way', async () => {
  const race = Promise.race([slowWork(), deadline(10_000)])
  await clock.advance(60)
  expect(await race).toBe('done')
})

test('letRun lets no time pass while cryptography is under way', async () => {
  clock.letRun()
  expect(await Promise.race([slowWork(), deadline(100)])).toBe('done')
})

test('letRun lets timers fall due', async () => {
  clock.letRun()
  expect(await deadline(100)).toBe('too late')
})

test('runOut lets the time pass that work waits for, and gives up at its limit', async () => {
  const startedAt = clock.now()
  expect(await clock.runOut(deadline(30_000))).toBe('too late')
  expect(clock.now() - startedAt).toBe(30_000)
  const never = clock.runOut(new Promise<never>(() => undefined), 5)
  await expect(never).rejects.toThrow('still not done after 5 seconds')
})
