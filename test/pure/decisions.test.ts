import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../docs/decisions')
const RECORDS = readdirSync(FOLDER)
  .filter((name) => name !== 'README.md')
  .sort()

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

function titleOf(name: string): string {
  return /^# \d{4}\. (.+)$/m.exec(read(name))?.[1] ?? ''
}

test('decision records are numbered without gaps', () => {
  const numbers = RECORDS.map((name) => name.slice(0, 4))
  expect(numbers).toEqual(RECORDS.map((_, position) => String(position + 1).padStart(4, '0')))
  expect(numbers.length).toBeGreaterThanOrEqual(15)
})

test('docs/decisions/README.md lists every record with its number, file and title', () => {
  const listed = read('README.md').match(/^\| \[.*$/gm)
  const lines = RECORDS.map((name) => `| [${name.slice(0, 4)}](${name}) | ${titleOf(name)} |`)
  expect(listed).toEqual(lines)
})

describe.each(RECORDS)('the record %s', (name) => {
  test('has its number, a title and all sections in order', () => {
    const headings = read(name).match(/^#.*$/gm)
    expect(headings).toEqual([
      `# ${name.slice(0, 4)}. ${titleOf(name)}`,
      '## Context',
      '## Decision',
      '## Consequences',
      '## In the code',
    ])
    expect(titleOf(name)).not.toBe('')
  })

  test('names places in the code', () => {
    const [, places = ''] = read(name).split('## In the code')
    expect(places).toMatch(/`(?:src|test)\/[\w./-]+\.ts`/)
  })
})
