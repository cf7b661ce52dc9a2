import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../findings')

const FINDINGS = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()

test('findings/README.md lists every finding', () => {
  const lines = readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| \[([\w-]+)\]/gm)
  expect(Array.from(lines, ([, name]) => name)).toEqual(FINDINGS)
})

test.each(FINDINGS)('%s can be run, and names its packages with exact versions', (name) => {
  const script = join(FOLDER, name, 'run.ts')
  expect(existsSync(script)).toBe(true)
  const [, packages = ''] = /PACKAGES = \[([^\]]+)\]/.exec(readFileSync(script, 'utf8')) ?? []
  const named = [...packages.matchAll(/'([^']+)'/g)].map(([, one]) => one)
  expect(named.length).toBeGreaterThan(0)
  for (const one of named) expect(one).toMatch(/^@?[\w/-]+(?:@|==)\d+\.\d+\.\d+$/)
})
