import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '../..')
const WORKFLOWS = join(ROOT, '.github/workflows')

const SOURCES = readdirSync(WORKFLOWS).map((name) => ({
  name,
  text: readFileSync(join(WORKFLOWS, name), 'utf8'),
}))

describe.each(SOURCES)('the workflow $name', ({ text }) => {
  test('names npm scripts and files that exist', () => {
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
    const files = [...text.matchAll(/(?:bash |uses: \.\/|require\("\.\/)([\w./-]+)/g)]
    const paths = files.map(([, path = '']) => path)
    expect(scripts.length + paths.length).toBeGreaterThan(0)
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([])
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('pins every action to a version', () => {
    const actions = [...text.matchAll(/uses: (?!\.\/)(\S+)/g)].map(([, action = '']) => action)
    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([])
  })

  test('has read permission only, a timeout and a limit of parallel runs', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m)
    expect(text).toMatch(/^concurrency:$/m)
    expect(text).toMatch(/timeout-minutes: \d+/)
  })

  test('inserts no value of an event into a script', () => {
    const scripts = [...text.matchAll(/run: (?:\|\n(?: {10}.*\n)+|.*\n)/g)].map(
      ([script]) => script,
    )
    expect(scripts.length).toBeGreaterThan(0)
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([])
  })
})

test('RELEASE.md names the secrets and variables that the deployment reads', () => {
  const deployment = SOURCES.find(({ name }) => name === 'deploy.yml')?.text ?? ''
  const read = [...deployment.matchAll(/(?:secrets|vars)\.([A-Z_]+)/g)].map(([, name = '']) => name)
  const release = readFileSync(join(ROOT, 'RELEASE.md'), 'utf8')
  expect(new Set(read)).toEqual(
    new Set(['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_ACCOUNT_ID', 'ENTRADA_URL']),
  )
  for (const name of read) expect(release).toContain(`\`${name}\``)
})
