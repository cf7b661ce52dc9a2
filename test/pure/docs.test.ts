import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspectRoutes } from 'hono/dev'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { createApp } from '../../src/edge/app.ts'
import { composeEdge } from '../../src/edge/compose.ts'
import { runtimeOf } from '../../src/edge/runtime.ts'
import { Entrada } from '../support/entrada.ts'
import { PRESET_NAMES, PRESETS } from '../../src/settings/presets.ts'
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

const Package = v.object({ scripts: v.record(v.string(), v.string()) })

const SETTING_NAMES = settingNames()
const SETTINGS_IN_README = matches(README, /^\| `([A-Z][A-Z_]+)` \|/gm)

describe('settings', () => {
  test.each([
    { OPENID_ISSUER: 'https://login.microsoftonline.com/contoso.example/v2.0' },
    { OPENID_ISSUER: 'https://id.example.com', OPENID_CLIENT_CERTIFICATE: 'x', ALLOW_GUESTS: 'no' },
    { DOMAIN_SERVER: 'http://localhost:8787', OPENID_REQUIRED_ROLE: 'a', KIT_INJECT: 'guard' },
  ])('every setting is read with every combination of others: %j', (values) => {
    expect([...settingNames(values)].sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('README explains every setting and no other', () => {
    expect([...SETTINGS_IN_README].sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('.dev.vars.example names only known settings, and every secret', () => {
    const named = matches(read('.dev.vars.example'), /^#? ?([A-Z][A-Z_]+)=/gm)
    expect([...named].filter((name) => !SETTING_NAMES.has(name))).toEqual([])
    const secrets = README.split('\n')
      .filter((line) => line.startsWith('| `') && line.includes('**secret**'))
      .flatMap((line) => [...matches(line, /^\| `([A-Z_]+)`/g)])
    expect(secrets.length).toBeGreaterThanOrEqual(5)
    expect([...named]).toEqual(expect.arrayContaining(secrets))
  })
})

test('docs/architecture.md lists every route, and no other', () => {
  const rows = read('docs/architecture.md').matchAll(/^\| ((?:[A-Z]+(?:, )?)+) \| `(\/[^`]+)`/gm)
  const listed = [...rows].flatMap(([, methods = '', path = '']) =>
    // The route of GET answers HEAD as well.
    methods
      .split(', ')
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${path}`),
  )
  const routes = routesOfWorker()
  expect(routes.size).toBeGreaterThan(20)
  expect(listed.sort()).toEqual([...routes].sort())
})

/** Every method and path that a Worker with all features answers itself. */
function routesOfWorker(): ReadonlySet<string> {
  const client = {
    client_id: 'chat',
    client_secret: 'x'.repeat(32),
    redirect_uris: ['https://chat.contoso.example/callback'],
  }
  const { env } = new Entrada({
    settings: { ORIGIN_PRESET: 'librechat', OIDC_CLIENTS: JSON.stringify([client]) },
  })
  if (!hasBindings(env)) throw new Error('the platform double binds no objects')
  const deps = composeEdge(env, runtimeOf(env))
  const own = inspectRoutes(createApp(deps)).filter(({ isMiddleware }) => !isMiddleware)
  return new Set([
    ...own.map(({ method, path }) => `${method} ${path}`),
    // Paths of the chat that Entrada answers or adds to.
    ...[...deps.enriched.keys()].filter((route) => !route.startsWith('HEAD ')),
  ])
}

function hasBindings(env: object): env is Bindings {
  return 'SESSIONS' in env
}

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs', '.md'),
  ...filesBelow('findings', '.md'),
  ...filesBelow('test/sandbox', '.md'),
]

test('every command that the documents name exists', () => {
  const { scripts } = v.parse(Package, JSON.parse(read('package.json')))
  const named = DOCUMENTS.flatMap((path) => [...matches(read(path), /npm run ([a-z][a-z:-]*)/g)])
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test('every file that the documents name exists', () => {
  const named = DOCUMENTS.flatMap((path) =>
    [...matches(read(path), /`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|js|md|toml|json))`/g)].map((file) => ({
      path,
      file,
    })),
  )
  const places = (path: string) => ['', 'src', 'test', dirname(path)]
  const missing = named.filter(
    ({ path, file }) => !places(path).some((place) => existsSync(join(ROOT, place, file))),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(missing).toEqual([])
})

describe('presets', () => {
  test.each(PRESET_NAMES)(
    '%s has a page with its setting, its headers and its open paths',
    (name) => {
      const page = read(`docs/presets/${name}.md`).toLowerCase()
      const { headers, openRoutes } = PRESETS[name]
      const generic = name === 'chainlit' ? read('docs/presets/generic.md').toLowerCase() : ''
      expect(page).toContain(`origin_preset = "${name}"`)
      for (const header of Object.keys(headers)) expect(`${page}${generic}`).toContain(header)
      for (const { path } of openRoutes) expect(page).toContain(path)
    },
  )
})

test('the delivered configuration has no host name that bypasses the route', () => {
  const lines = read('wrangler.toml').split('\n')
  const top = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('[')),
  )
  expect(top).toContain('workers_dev = false')
  expect(top).toContain('preview_urls = false')
  for (const path of ['README.md', 'docs/protecting-the-chat.md', 'wrangler.toml']) {
    expect(read(path).replaceAll(/[*_]/g, '')).toMatch(/fail closed/)
  }
})

test('every link leads to a file and a heading that exist', () => {
  const broken = DOCUMENTS.flatMap((path) =>
    [...matches(read(path), /\]\(([^)\s]+)\)/g)]
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leadsSomewhere(path, target))
      .map((target) => `${path}: ${target}`),
  )
  expect(DOCUMENTS).toContain('README.md')
  expect(broken).toEqual([])
})

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', heading] = target.split('#')
  const path = file === '' ? from : join(dirname(from), file)
  if (!existsSync(join(ROOT, path))) return false
  return heading === undefined || headingsOf(read(path)).has(heading)
}

/** Anchors as GitHub makes them from headings. */
function headingsOf(text: string): ReadonlySet<string> {
  const anchors = [...matches(text, /^#+ (.+)$/gm)].map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(anchors)
}
