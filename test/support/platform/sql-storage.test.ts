import { expect, test } from 'vitest'
import { ObjectDisk } from './object-disk.ts'
import { ObjectStorageDouble } from './object-storage.ts'

function aStorage(): ObjectStorageDouble {
  return new ObjectStorageDouble(new ObjectDisk('any'), () => true)
}

test('a script runs completely and returns the rows of its last statement', () => {
  const { sql } = aStorage()
  const cursor = sql.exec(
    `CREATE TABLE t (k TEXT PRIMARY KEY, v); -- keys; and values?
     INSERT INTO t VALUES ('a;b?', 1), ('c', 2);
     SELECT * FROM t WHERE k = ?`,
    'a;b?',
  )
  expect(cursor.columnNames).toEqual(['k', 'v'])
  expect(cursor.toArray()).toStrictEqual([{ k: 'a;b?', v: 1 }])
})

test('values keep the types that workerd gives them', () => {
  const row = aStorage()
    .sql.exec(
      'SELECT ? AS bytes, 1.5 AS real, NULL AS none, 9007199254740993 AS big, ? AS flag',
      new Uint8Array([7]),
      true,
    )
    .one()
  expect(row).toStrictEqual({
    bytes: new Uint8Array([7]).buffer,
    real: 1.5,
    none: null,
    big: 9007199254740992,
    flag: 'true',
  })
})

test('one() requires exactly one row', () => {
  const { sql } = aStorage()
  expect(() => sql.exec('SELECT 1 WHERE 0').one()).toThrow('got no results')
  expect(() => sql.exec('SELECT 1 UNION SELECT 2').one()).toThrow('got multiple results')
})

test('rows written are counted', () => {
  const { sql } = aStorage()
  sql.exec('CREATE TABLE t (v)')
  expect(sql.exec('INSERT INTO t VALUES (1), (2)').rowsWritten).toBe(2)
  expect(sql.exec('DELETE FROM t WHERE v = ? RETURNING v', 2)).toMatchObject({ rowsWritten: 1 })
  expect(sql.exec('SELECT * FROM t').rowsWritten).toBe(0)
})

test.each([
  ['BEGIN', /transactionSync/],
  ['SAVEPOINT here', /transactionSync/],
  ['PRAGMA journal_mode', /SQLITE_AUTH/],
  ['CREATE TABLE _cf_mine (a)', /SQLITE_AUTH/],
  ['SELECT ?', /Wrong number of parameter bindings/],
  ['  -- nothing', /did not contain a statement/],
  ['SELEKT 1', /syntax error/],
])('%s is refused', (statement, message) => {
  expect(() => aStorage().sql.exec(statement)).toThrow(message)
})

test('a value over 2 MB is refused', () => {
  const { sql } = aStorage()
  sql.exec('CREATE TABLE t (v)')
  expect(() => sql.exec('INSERT INTO t VALUES (?)', 'x'.repeat(2_200_000))).toThrow('too big')
})

test('a failed transaction rolls back, including nested ones', () => {
  const storage = aStorage()
  storage.sql.exec('CREATE TABLE t (v)')
  storage.transactionSync(() => {
    storage.sql.exec('INSERT INTO t VALUES (1)')
    const inner = () =>
      storage.transactionSync(() => {
        storage.sql.exec('INSERT INTO t VALUES (2)')
        throw new Error('no')
      })
    expect(inner).toThrow('no')
  })
  expect(storage.sql.exec('SELECT v FROM t').toArray()).toEqual([{ v: 1 }])
})

test('deleteAll takes tables, pairs and the alarm', async () => {
  const storage = aStorage()
  storage.sql.exec('CREATE TABLE t (v)')
  await storage.put({ a: 1, b: { c: 2 } })
  await storage.setAlarm(Date.now())
  expect(await storage.get('b')).toEqual({ c: 2 })
  await storage.deleteAll()
  expect(await storage.list()).toEqual(new Map())
  expect(await storage.getAlarm()).toBeNull()
  expect(() => storage.sql.exec('SELECT * FROM t')).toThrow('no such table')
})
