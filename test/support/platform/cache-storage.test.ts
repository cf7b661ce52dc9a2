import { afterEach, beforeEach, expect, test } from 'vitest'
import { clock, installClock } from '../clock.ts'
import { CacheStorageDouble } from './cache-storage.ts'

const KEY = 'https://chat.example/document'

let restoreClock: () => void
beforeEach(() => {
  restoreClock = installClock()
})
afterEach(() => restoreClock())

function anAnswer(headers: Record<string, string> = {}, status = 200): Response {
  return new Response('content', { headers, status })
}

test('a cached response is returned until it expires', async () => {
  const cache = new CacheStorageDouble().default
  await cache.put(KEY, anAnswer({ 'cache-control': 'max-age=60' }))
  await clock.advance(59)
  const found = await cache.match(KEY)
  expect(await found?.text()).toBe('content')
  expect(await (await cache.match(new Request(KEY)))?.text()).toBe('content')
  await clock.advance(1.1)
  expect(await cache.match(KEY)).toBeUndefined()
})

test.each([
  ['no-store', { 'cache-control': 'no-store' }],
  ['private', { 'cache-control': 'private, max-age=60' }],
  ['a cookie', { 'set-cookie': 'a=1' }],
])('a response with %s is not cached', async (_situation, headers) => {
  const cache = new CacheStorageDouble().default
  await cache.put(KEY, anAnswer(headers))
  expect(await cache.match(KEY)).toBeUndefined()
})

test.each([
  ['a POST', new Request(KEY, { method: 'POST' }), anAnswer(), /non-GET/],
  ['a part', new Request(KEY), anAnswer({}, 206), /206/],
  ['Vary: *', new Request(KEY), anAnswer({ vary: '*' }), /Vary/],
])('%s cannot be cached', async (_situation, request, answer, message) => {
  await expect(new CacheStorageDouble().default.put(request, answer)).rejects.toThrow(message)
})

test('named caches are separate', async () => {
  const caches = new CacheStorageDouble()
  const named = await caches.open('documents')
  await named.put(KEY, anAnswer())
  expect(await caches.default.match(KEY)).toBeUndefined()
  expect(await (await caches.open('documents')).match(KEY)).toBeDefined()
  expect(await named.delete(KEY)).toBe(true)
  expect(await named.match(KEY)).toBeUndefined()
  expect(caches.puts).toEqual([KEY])
})

test('faults make it fail or miss', async () => {
  const caches = new CacheStorageDouble()
  caches.bend({ throws: true })
  await expect((await caches.open('documents')).match(KEY)).rejects.toThrow('connection lost')
  caches.bend({ forgets: true })
  await caches.default.put(KEY, anAnswer())
  expect(await caches.default.match(KEY)).toBeUndefined()
})
