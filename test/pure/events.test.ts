import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EVENTS } from '../../src/events.ts'
import { isCurrent } from '../events.ts'
import { unknownParts } from '../support/known-events.ts'

const SRC = join(import.meta.dirname, '../../src')

const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== 'events.ts')
  .map((path) => readFileSync(join(SRC, path), 'utf8'))
  .join('\n')

const LOGGED = [...SOURCES.matchAll(/\.(audit|info|warn|error)\(\s*'([^']+)'/g)].map(
  ([, level = '', name = '']) => ({ name, level }),
)

test('the code logs no event that the table lacks, and none at another level', () => {
  const known = Object.entries(EVENTS).map(([name, { level }]) => ({ name, level }))
  expect(LOGGED.length).toBeGreaterThan(15)
  expect(known).toEqual(expect.arrayContaining(LOGGED))
})

test('the table lists no event that the code does not log', () => {
  expect(Object.keys(EVENTS).filter((name) => !SOURCES.includes(`'${name}'`))).toEqual([])
})

test('the table is in alphabetical order', () => {
  expect(Object.keys(EVENTS)).toEqual(Object.keys(EVENTS).toSorted())
})

test('docs/events.md is current: npm run events', async () => {
  expect(await isCurrent()).toBe(true)
})

// The tests in test/app compare every line that the Worker writes with the table.
describe('a log line', () => {
  const line = { level: 'audit', event: 'signed_out', requestId: 'r', userId: 'u', tenantId: 't' }

  test('is accepted with the fields of its event, or fewer', () => {
    const { userId: _, ...fewer } = line
    expect([unknownParts(line), unknownParts(fewer)]).toEqual([[], []])
  })

  test.each([
    ['an event that is not in the table', { ...line, event: 'left' }, 'event left'],
    ['another level', { ...line, level: 'info' }, 'signed_out at level info'],
    ['a field that is not in the table', { ...line, mail: 'm' }, 'signed_out.mail'],
    ['a cause outside errors', { ...line, cause: 'c' }, 'signed_out.cause'],
  ])('is refused with %s', (_what, wrong, part) => {
    expect(unknownParts(wrong)).toEqual([part])
  })
})
