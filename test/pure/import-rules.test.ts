import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LAYERS } from '../../oxlint.config.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A copy of the lint configuration, with files of the test beside it. */
let folder = ''

/** File → the imports in it, and whether the linter must refuse it. */
const IMPORTS = [
  ['src/people/one.ts', "import '../files/two.ts'", 'refused'],
  ['src/people/deep/one.ts', "import '../../files/two.ts'", 'refused'],
  ['src/people/deep/deeper/one.ts', "import '../../../files/two.ts'", 'refused'],
  ['src/people/deep/one.ts', "import '../../edge/edge.ts'", 'refused'],
  ['src/people/deep/one.ts', "import '../../worker.ts'", 'refused'],
  ['src/people/deep/one.ts', "import '../../graph/graph.ts'", 'accepted'],
  ['src/people/deep/one.ts', "import '../matching.ts'", 'accepted'],
  ['src/session/deep/one.ts', "import '../../auth/login.ts'", 'refused'],
  ['src/http/deep/one.ts', "import '../../proxy/presets.ts'", 'refused'],
  ['src/http/deep/one.ts', "import { a } from '../../session/session.ts'", 'refused'],
  ['src/http/deep/one.ts', "import type { A } from '../../session/session.ts'", 'accepted'],
  ['src/settings/deep/one.ts', "import '../../failure.ts'", 'refused'],
  ['src/failure.ts', "import './log.ts'", 'refused'],
  ['src/failure.ts', "import './settings/settings.ts'", 'refused'],
  ['src/worker.ts', "import './people/routes.ts'", 'refused'],
  ['src/files/deep/one.ts', "import 'node:fs'", 'refused'],
  ['src/files/deep/one.ts', "import 'oauth4webapi'", 'refused'],
  ['src/files/deep/one.ts', "import 'client-zip'", 'accepted'],
  ['src/people/deep/one.ts', "import 'client-zip'", 'refused'],
  ['src/edge/deep/one.ts', "import 'hono/proxy'", 'refused'],
] as const

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrada-lint-'))
  cpSync(join(ROOT, 'oxlint.config.ts'), join(folder, 'oxlint.config.ts'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('the import rules', () => {
  test.each(IMPORTS)('%s with %s is %s', (path, statement, verdict) => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${statement}\n`)
    const { stdout } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/oxlint/bin/oxlint'), path],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    rmSync(file)
    expect(stdout.includes('no-restricted-imports') ? 'refused' : 'accepted', stdout).toBe(verdict)
  })

  test('name every folder and file of src', () => {
    const names = readdirSync(join(ROOT, 'src')).filter((name) => name !== 'bindings.d.ts')
    expect(Object.keys(LAYERS).sort()).toEqual(names.sort())
  })
})
