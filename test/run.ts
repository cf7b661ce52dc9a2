import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { findChromium, mustHaveChromium } from './support/find-chromium.ts'
import { readVitestReport } from './support/vitest-report.ts'

/** Runs every check that a change must pass, and times each. All steps run, also after one fails. */
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'entrada-tests-'))
const report = join(folder, 'vitest.json')

const STEPS: readonly (readonly [name: string, command: string])[] = [
  ['types', 'npm run --silent typecheck'],
  ['lint', 'oxlint --type-aware'],
  ['format', 'oxfmt --check'],
  ['bindings', 'npm run --silent bindings -- --check'],
  ['house', 'node test/house.ts'],
  ['page scripts', 'node test/page-scripts.ts --check'],
  ['tests', `vitest run --reporter=default --reporter=json --outputFile.json=${report}`],
  ['bundle budget', 'node test/budget.ts'],
]

/** Several times the slowest step's duration on two cores. */
const STEP_MINUTES = 30

const results: { name: string; ok: boolean; seconds: number }[] = []
for (const [name, command] of STEPS) {
  console.log(`\n▸ ${name}`)
  const startedAt = performance.now()
  const ok = await run(command)
  results.push({ name, ok, seconds: (performance.now() - startedAt) / 1000 })
}

console.log()
for (const { name, ok, seconds } of results) {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s`)
}
const tests = readVitestReport(report)
rmSync(folder, { recursive: true })
// At the end, because build servers cut the middle out of a long output.
for (const failure of [...tests.failures, ...tests.problems]) console.log(`FAILED ${failure}`)
if (findChromium() === null && !mustHaveChromium()) {
  console.log(`\n${'!'.repeat(78)}`)
  console.log('!! NO CHROMIUM ON THIS MACHINE: nothing was tested in a real browser.')
  console.log('!! Install it (Debian: apt-get install chromium) or name one in CHROMIUM.')
  console.log('!'.repeat(78))
}

// Each failed test counts; any other failed step counts as one.
const testsFellShort = results.some(({ name, ok }) => name === 'tests' && !ok)
const failedSteps = results.filter(({ name, ok }) => name !== 'tests' && !ok).length
const failedTests = Math.max(tests.failed + tests.problems.length, testsFellShort ? 1 : 0)
const failed = failedSteps + failedTests
process.exitCode = failed > 0 || tests.passed === 0 ? 1 : 0
console.log(`\n${tests.passed} passed, ${failed} failed`)

/** Runs one step. Kills its whole process group after `STEP_MINUTES`, because a test in an endless loop never ends. */
function run(command: string): Promise<boolean> {
  const [program = '', ...parameters] = command.split(' ')
  const child = spawn(program, parameters, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
    },
  })
  const end = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const interrupt = () => {
    end()
    process.exit(130)
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const deadline = setTimeout(() => {
    console.log(`\nstopped after ${STEP_MINUTES} minutes: ${command}`)
    end()
  }, STEP_MINUTES * 60_000)
  return new Promise((resolve) => {
    const finish = (ok: boolean) => {
      clearTimeout(deadline)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
      resolve(ok)
    }
    child.on('error', () => finish(false))
    child.on('exit', (code) => finish(code === 0))
  })
}
