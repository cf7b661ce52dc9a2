import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { readProofs } from './security-requirements.ts'
import { MARKER } from './security-requirements/read-citations.ts'
import { AUTHENTICATION_MUTATIONS } from './mutants/authentication.ts'
import { DATA_MUTATIONS } from './mutants/data.ts'
import { REQUEST_MUTATIONS } from './mutants/requests.ts'
import { SESSION_MUTATIONS } from './mutants/sessions.ts'
import type { Mutation } from './mutants/mutation.ts'

/*
 * `npm run mutants`: breaks the source once for each mutation, in a copy, and runs the tests that cite the
 * requirement. A mutation survives when all of them stay green. Takes about half an hour on two cores, so it is
 * no part of `npm test`. `npm run mutants -- 73 74` tries those requirements alone.
 */
const ROOT = join(import.meta.dirname, '..')
const RESULTS = join(import.meta.dirname, 'mutants', 'results.json')
const COPIED = [
  'src',
  'test',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'wrangler.toml',
]
const JOBS = 2
/** From the quickest tier to the slowest; the slower ones run only where no quicker one notices. */
const TIERS = [['pure', 'app'], ['workerd'], ['chromium']] as const

/** The part of Vitest's JSON report that is read here. */
const Report = v.object({
  testResults: v.array(
    v.object({
      assertionResults: v.array(v.object({ fullName: v.string(), status: v.string() })),
    }),
  ),
})

interface Result {
  readonly requirement: number
  readonly fault: string
  /** The first test that failed, `null` where none did. */
  readonly killedBy: string | null
}

const MUTATIONS: readonly Mutation[] = [
  ...AUTHENTICATION_MUTATIONS,
  ...SESSION_MUTATIONS,
  ...REQUEST_MUTATIONS,
  ...DATA_MUTATIONS,
]

const chosen = new Set(
  process.argv
    .slice(2)
    .map(Number)
    .filter((number) => number > 0),
)
const queue = MUTATIONS.filter(({ requirement }) => chosen.size === 0 || chosen.has(requirement))
const proofs = readProofs()
const results: Result[] = []
const waiting = [...queue]
await Promise.all(Array.from({ length: JOBS }, workThrough))

results.sort((a, b) => a.requirement - b.requirement)
const survivors = results.filter(({ killedBy }) => killedBy === null)
if (chosen.size === 0) writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
for (const { requirement, fault } of survivors) console.log(`SURVIVED ${requirement}: ${fault}`)
console.log(`${results.length - survivors.length} killed, ${survivors.length} survived`)
process.exitCode = survivors.length === 0 && results.length > 0 ? 0 : 1

async function workThrough(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-mutants-'))
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    cpSync(join(ROOT, 'oxlint.config.ts'), join(folder, 'oxlint.config.ts'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const killedBy = await tryOut(mutation, folder)
      const { requirement, fault } = mutation
      results.push({ requirement, fault, killedBy })
      console.log(`${killedBy === null ? 'SURVIVED' : 'killed  '} ${requirement}: ${fault}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @returns title of the first test that fails, `null` if none does */
async function tryOut(
  { requirement, file, find, replace }: Mutation,
  folder: string,
): Promise<string | null> {
  const path = join(folder, file)
  const original = readFileSync(join(ROOT, file), 'utf8')
  if (original.split(find).length !== 2) {
    throw new Error(`${file} does not hold this text exactly once: ${find}`)
  }
  writeFileSync(
    path,
    original.replace(find, () => replace),
  )
  try {
    for (const tier of TIERS) {
      const files = proofs
        .filter((proof) => proof.requirement === requirement)
        .map((proof) => proof.file)
        .filter((name) => tier.some((project) => name.startsWith(`test/${project}/`)))
      const failed =
        files.length === 0 ? null : await firstFailure(folder, requirement, [...new Set(files)])
      if (failed !== null) return failed
    }
    return null
  } finally {
    writeFileSync(path, original)
  }
}

/** Runs the tests of these files that cite the requirement. A file that cannot be loaded proves nothing. */
async function firstFailure(
  folder: string,
  requirement: number,
  files: readonly string[],
): Promise<string | null> {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const child = spawn(
    join(ROOT, 'node_modules/.bin/vitest'),
    [
      'run',
      ...files,
      '-t',
      String.raw`\[${MARKER} ${requirement}\]`,
      '--bail=1',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: folder, stdio: 'ignore', env: { ...process.env, CI: 'true' } },
  )
  await new Promise((resolve) => child.once('exit', resolve))
  const { testResults } = v.parse(Report, JSON.parse(readFileSync(report, 'utf8')))
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  if (!tests.some(({ status }) => status === 'passed' || status === 'failed')) {
    throw new Error(`no test of requirement ${requirement} ran in ${files.join(', ')}`)
  }
  return tests.find(({ status }) => status === 'failed')?.fullName ?? null
}
