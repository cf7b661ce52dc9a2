import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LookupObject } from '../../src/edge/durable-objects.ts'
import type { LookupObjectStub } from '../../src/storage/lookup-cache.ts'
import type { NewLookupRow } from '../../src/storage/lookup-table.ts'
import { clock, installClock } from '../support/clock.ts'
import { ObjectNamespaceDouble } from '../support/platform/object-namespace.ts'

let restore = (): void => {}
beforeEach(() => {
  restore = installClock()
})
afterEach(() => restore())

interface Table extends LookupObjectStub {
  readonly namespace: ObjectNamespaceDouble
}

function aTable(): Table {
  const namespace = new ObjectNamespaceDouble({
    binding: 'LOOKUPS',
    objectClass: LookupObject,
    env: () => ({}),
    background: () => {},
  })
  const stub = namespace.getByName('user') as LookupObjectStub
  return {
    namespace,
    read: (keys, parts) => stub.read(keys, parts),
    lease: (request) => stub.lease(request),
    complete: (claimed, rows) => stub.complete(claimed, rows),
  }
}

const row = (key: string, part: string, sealed = `${key}:${part}`): NewLookupRow => ({
  key,
  part,
  sealed,
  freshSeconds: 60,
  lifeSeconds: 120,
})
const claimOf = (holder: string) => ({
  name: 'ad',
  holder,
  holdSeconds: 10,
  keys: ['ad'],
  parts: ['users'],
})

describe('a row', () => {
  test('is found by the first key that has one, for each cache kind separately', async () => {
    const table = aTable()
    await table.complete(null, [row('adel', 'users'), row('ad', 'users'), row('ad', 'groups')])
    const found = await table.read(['adele', 'adel', 'ade', 'ad'], ['users', 'groups', 'people'])
    expect(found.map(({ sealed }) => sealed)).toEqual(['adel:users', 'ad:groups'])
  })

  test('is stale after its fresh time and deleted after its lifetime, without an alarm', async () => {
    const table = aTable()
    await table.complete(null, [row('ad', 'users')])
    expect(await table.read(['ad'], ['users'])).toMatchObject([{ isStale: false }])
    await clock.advance(60)
    expect(await table.read(['ad'], ['users'])).toMatchObject([{ isStale: true }])
    await clock.advance(60)
    expect(await table.read(['ad'], ['users'])).toEqual([])
  })

  test('replaces an older one', async () => {
    const table = aTable()
    await table.complete(null, [row('ad', 'users', 'old')])
    await table.complete(null, [row('ad', 'users', 'new')])
    expect(await table.read(['ad'], ['users'])).toMatchObject([{ sealed: 'new' }])
  })

  test('outlives the instance', async () => {
    const table = aTable()
    await table.complete(null, [row('ad', 'users')])
    table.namespace.evict()
    expect(await table.read(['ad'], ['users'])).toHaveLength(1)
  })

  test('is not stored if it is too large, while the others of the same write are', async () => {
    const table = aTable()
    await table.complete(null, [row('ad', 'users', 'x'.repeat(1_600_000)), row('ad', 'groups')])
    expect(await table.read(['ad'], ['users', 'groups'])).toMatchObject([{ part: 'groups' }])
  })
})

describe('the table', () => {
  test('holds a bounded number of rows and evicts the oldest first', async () => {
    const table = aTable()
    for (let index = 0; index < 1200; index++) {
      await table.complete(null, [row(`key${index}`, 'users')])
      if (index % 100 === 0) await clock.advance(0.01)
    }
    const [host] = table.namespace.hosts
    const rows = [...(host?.disk.contents() ?? [])].filter((value) => value.startsWith('key'))
    expect(rows.length).toBeLessThanOrEqual(1000 * 2)
    expect(await table.read(['key1199'], ['users'])).toHaveLength(1)
    expect(await table.read(['key0'], ['users'])).toEqual([])
  })

  test('holds a bounded number of bytes', async () => {
    const table = aTable()
    for (let index = 0; index < 20; index++) {
      await table.complete(null, [row(`key${index}`, 'users', 'x'.repeat(1_000_000))])
      await clock.advance(0.01)
    }
    const [host] = table.namespace.hosts
    const bytes = [...(host?.disk.contents() ?? [])].reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeLessThan(9_000_000)
    expect(await table.read(['key19'], ['users'])).toHaveLength(1)
    expect(await table.read(['key0'], ['users'])).toEqual([])
  })

  test('is empty after the alarm that follows the last row, and is written to again', async () => {
    const table = aTable()
    await table.complete(null, [row('ad', 'users')])
    await clock.advance(60)
    await table.complete(null, [row('be', 'users')])
    await clock.advance(61)
    expect(await table.namespace.runAlarms()).toBe(1)
    expect(await table.read(['be'], ['users'])).toHaveLength(1)
    await clock.advance(61)
    expect(await table.namespace.runAlarms()).toBe(1)
    const [host] = table.namespace.hosts
    expect([...(host?.disk.contents() ?? [])]).toEqual([])
    expect(host?.disk.alarm).toBeNull()
    await table.complete(null, [row('ad', 'users')])
    expect(await table.read(['ad'], ['users'])).toHaveLength(1)
  })
})

describe('a lease', () => {
  test('is granted to one caller; the others get its result', async () => {
    const table = aTable()
    expect(await table.lease(claimOf('first'))).toEqual({ isGranted: true, rows: [] })
    const others = Promise.all([table.lease(claimOf('second')), table.lease(claimOf('third'))])
    await table.complete('ad', [row('ad', 'users')])
    for (const { isGranted, rows } of await others) {
      expect(isGranted).toBe(false)
      expect(rows).toMatchObject([{ sealed: 'ad:users' }])
    }
  })

  test('comes with the rows that were stored just before', async () => {
    const table = aTable()
    await table.lease(claimOf('first'))
    await table.complete('ad', [row('ad', 'users')])
    expect(await table.lease(claimOf('second'))).toMatchObject({
      isGranted: true,
      rows: [{ sealed: 'ad:users' }],
    })
  })

  test('expires when its holder never returns', async () => {
    const table = aTable()
    await table.lease(claimOf('first'))
    const waiting = table.lease(claimOf('second'))
    await clock.advance(11)
    expect(await waiting).toMatchObject({ isGranted: false, rows: [] })
    expect(await table.lease(claimOf('third'))).toMatchObject({ isGranted: true })
  })

  test('is granted again to a holder whose first response was lost', async () => {
    const table = aTable()
    await table.lease(claimOf('first'))
    expect(await table.lease(claimOf('first'))).toMatchObject({ isGranted: true })
  })

  test('does not delay another look-up', async () => {
    const table = aTable()
    await table.lease(claimOf('first'))
    expect(await table.lease({ ...claimOf('second'), name: 'be' })).toMatchObject({
      isGranted: true,
    })
  })

  test('without a result lets the next caller send the request', async () => {
    const table = aTable()
    await table.lease(claimOf('first'))
    const waiting = table.lease(claimOf('second'))
    await table.complete('ad', [])
    expect(await waiting).toMatchObject({ isGranted: false, rows: [] })
    expect(await table.lease(claimOf('second'))).toMatchObject({ isGranted: true })
  })
})
