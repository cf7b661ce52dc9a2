import { afterEach, beforeEach, expect, test } from 'vitest'
import { clock, installClock } from '../clock.ts'
import { KvNamespaceDouble } from './kv-namespace.ts'

let restoreClock: () => void
beforeEach(() => {
  restoreClock = installClock()
})
afterEach(() => restoreClock())

test('a value exists until it expires', async () => {
  const kv = new KvNamespaceDouble()
  await kv.put('key', 'value', { expirationTtl: 60, metadata: { version: 3 } })
  await clock.advance(59)
  expect(await kv.getWithMetadata('key')).toMatchObject({
    value: 'value',
    metadata: { version: 3 },
  })
  await clock.advance(1.1)
  expect(await kv.get('key')).toBeNull()
})

test.each([
  ['a TTL under a minute', 'key', 'x', { expirationTtl: 59 }, /at least 60/],
  ['an expiry less than a minute away', 'key', 'x', { expiration: 1 }, /60 seconds in the future/],
  ['no key', '', 'x', {}, /cannot be empty/],
  ['a key of one dot', '.', 'x', {}, /not allowed/],
  ['a key of 513 bytes', `${'ü'.repeat(256)}x`, 'x', {}, /exceeds key length limit of 512/],
  ['metadata over 1024 bytes', 'key', 'x', { metadata: 'x'.repeat(1023) }, /exceeds limit of 1024/],
])('%s is refused', async (_situation, key, value, options, message) => {
  await expect(new KvNamespaceDouble().put(key, value, options)).rejects.toThrow(message)
})

test('values have the requested type', async () => {
  const kv = new KvNamespaceDouble()
  await kv.put('json', '{"a":1}')
  await kv.put('bytes', new Uint8Array([0, 1, 2, 3]).subarray(1, 3))
  expect(await kv.get('json', 'json')).toEqual({ a: 1 })
  expect(await kv.get('bytes', 'arrayBuffer')).toEqual(new Uint8Array([1, 2]).buffer)
  expect(await kv.get(['json', 'none'])).toEqual(
    new Map([
      ['json', '{"a":1}'],
      ['none', null],
    ]),
  )
})

test('a listing is paged, sorted and omits expired keys', async () => {
  const kv = new KvNamespaceDouble()
  for (const key of ['b/2', 'a/1', 'b/1', 'b/3']) await kv.put(key, 'x')
  await kv.delete('b/2')
  const first = await kv.list({ prefix: 'b/', limit: 1 })
  expect(first).toMatchObject({ keys: [{ name: 'b/1' }], list_complete: false })
  expect(await kv.list({ prefix: 'b/', cursor: 'b/1' })).toMatchObject({
    keys: [{ name: 'b/3' }],
    list_complete: true,
  })
})

test('a stale read returns the previous value, or a miss before the first write', async () => {
  const kv = new KvNamespaceDouble()
  await kv.put('key', 'old')
  await clock.advance(90)
  await kv.put('key', 'new')
  await kv.put('fresh', 'x')
  kv.bend({ staleSeconds: 60 })
  expect(await kv.get('key')).toBe('old')
  expect(await kv.get('fresh')).toBeNull()
  await clock.advance(61)
  expect(await kv.get('key')).toBe('new')
})

test('faults make it miss, fail, exceed the daily limit and refuse fast writes', async () => {
  const kv = new KvNamespaceDouble()
  await kv.put('key', 'x')
  kv.bend({ misses: true })
  expect(await kv.get('key')).toBeNull()
  kv.bend({ throws: ['get'] })
  await expect(kv.get('key')).rejects.toThrow('KV GET failed')
  kv.bend({ full: true })
  await expect(kv.put('key', 'y')).rejects.toThrow('limit exceeded')
  kv.bend({ oneWritePerSecond: true })
  await expect(kv.put('key', 'y')).rejects.toThrow('429')
  await clock.advance(1.5)
  await kv.put('key', 'y')
  expect(kv.count('put')).toBe(4)
})
