import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { settingNames } from '../support/setting-names.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const README = read('README.md')

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path))
}

function matches(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([, found]) => found ?? ''))
}

const SETTING_NAMES = settingNames()
const SETTINGS_IN_README = matches(README, /^\| `([A-Z][A-Z_]+)` \|/gm)

describe('settings', () => {
  test.each([
    { OPENID_ISSUER: 'https://login.microsoftonline.com/contoso.example/v2.0' },
    { OPENID_ISSUER: 'https://id.example.com', OPENID_CLIENT_CERTIFICATE: 'x', ALLOW_GUESTS: 'no' },
    { DOMAIN_SERVER: 'http://localhost:8787', OPENID_REQUIRED_ROLE: 'a', KIT_INJECT: 'guard' },
  ])('%j or not, all of them are known', (values) => {
    expect([...settingNames(values)].sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('README explains every one, and none that there is not', () => {
    expect([...SETTINGS_IN_README].sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('.dev.vars.example names known ones only, and every secret', () => {
    const named = matches(read('.dev.vars.example'), /^#? ?([A-Z][A-Z_]+)=/gm)
    expect([...named].filter((name) => !SETTING_NAMES.has(name))).toEqual([])
    const secrets = README.split('\n')
      .filter((line) => line.startsWith('| `') && line.includes('**secret**'))
      .flatMap((line) => [...matches(line, /^\| `([A-Z_]+)`/g)])
    expect(secrets.length).toBeGreaterThanOrEqual(5)
    expect([...named]).toEqual(expect.arrayContaining(secrets))
  })
})

test('docs/architecture.md lists every route, and none that there is not', () => {
  const sources = filesBelow('src', '.ts').map(read).join('\n')
  const routes = [
    ...sources.matchAll(/\.(get|post|put|delete|all|on)\(\s*['`](?:\$\{PREFIX\})?(\/[^'`]*)/g),
  ].map(([, method = '', path = '']) =>
    // The callback's path is a setting; its sub-app knows it as the root.
    path === '/' ? 'GET /oauth/openid/callback' : `${method.toUpperCase()} /.entrada${path}`,
  )
  const enriched = matches(sources, /export const [A-Z_]+_PATH = '(\/api\/[^']+)'/g)
  for (const path of enriched) routes.push(`GET ${path}`)
  const listed = [
    ...read('docs/architecture.md').matchAll(/^\| ((?:[A-Z]+(?:, )?)+) \| `(\/[^`]+)`/gm),
  ].map(([, methods = '', path = '']) => `${methods.split(',')[0]} ${path}`)
  expect(routes.length).toBeGreaterThan(20)
  expect(listed.sort()).toEqual([...new Set(routes)].sort())
})

test('links lead somewhere', () => {
  const documents = [
    ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
    ...filesBelow('docs', '.md'),
    ...filesBelow('test/sandbox', '.md'),
  ]
  const broken = documents.flatMap((path) =>
    [...matches(read(path), /\]\(([^)\s]+)\)/g)]
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leadsSomewhere(path, target))
      .map((target) => `${path}: ${target}`),
  )
  expect(documents).toContain('README.md')
  expect(broken).toEqual([])
})

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', heading] = target.split('#')
  const path = file === '' ? from : join(dirname(from), file)
  if (!existsSync(join(ROOT, path))) return false
  return heading === undefined || headingsOf(read(path)).has(heading)
}

/** As the places that show Markdown make anchors of headings. */
function headingsOf(text: string): ReadonlySet<string> {
  const anchors = [...matches(text, /^#+ (.+)$/gm)].map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(anchors)
}
