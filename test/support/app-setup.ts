import { afterEach, beforeEach, expect, onTestFailed } from 'vitest'
import { installClock } from './clock.ts'
import { closeEntradas, logs } from './entrada.ts'
import { unknownParts } from './known-events.ts'
import { installWorkersGlobals } from './platform/workers-globals.ts'

let restore: readonly (() => void)[] = []

beforeEach(() => {
  logs.clear()
  const show = console.log
  restore = [logs.capture(), installClock(), installWorkersGlobals()]
  onTestFailed(() => {
    if (logs.text !== '') show(logs.text)
  })
})

afterEach(async () => {
  try {
    await closeEntradas()
  } finally {
    for (const one of restore.toReversed()) one()
  }
  // Nothing is logged that docs/events.md does not list.
  expect(logs.events().flatMap(unknownParts)).toEqual([])
})
