import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { PICKER_SCRIPT } from '../src/browser/generated/picker.ts'
import { RENEWED_SCRIPT } from '../src/browser/generated/renewed.ts'
import { PAGE_SCRIPT } from '../src/browser/generated/session-guard.ts'
import { WORKER_SCRIPT } from '../src/browser/generated/worker-guard.ts'

/*
 * `npm run budget`: the size of the deployed script, without the texts that it only hands to browsers.
 *
 * Every isolate parses the script before its first request, so that code costs start-up time. The page scripts
 * are string constants there: a browser runs them, and no isolate does. They count apart, so that more code in a page
 * does not hide less code in the Worker, nor the other way round.
 */

/** The most the contract allows. Hono, oauth4webapi and jose alone take 28.5. */
const BAR_KIB = 100

/** The most until the bar is met: what the script takes now, rounded up, and 0.5. Lower it with the script. */
const CEILING_KIB = 110

const PAGE_SCRIPTS = [PICKER_SCRIPT, RENEWED_SCRIPT, PAGE_SCRIPT, WORKER_SCRIPT]

const folder = mkdtempSync(join(tmpdir(), 'entrada-bundle-'))
try {
  const build = spawnSync('wrangler', ['deploy', '--dry-run', '--outdir', folder], {
    encoding: 'utf8',
  })
  if (build.status !== 0) throw new Error(`${build.stdout}\n${build.stderr}`)
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  const whole = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
  const script = PAGE_SCRIPTS.reduce(withoutLiteral, whole)
  const kib = gzippedKib(script)
  const comparison = `ceiling ${CEILING_KIB}, bar ${BAR_KIB}${kib > BAR_KIB ? ', not met' : ''}`
  console.log(`script:       ${kib.toFixed(1)} KiB gzip; ${comparison}`)
  console.log(`page scripts: ${gzippedKib(PAGE_SCRIPTS.join('\n')).toFixed(1)} KiB gzip`)
  console.log(`together:     ${gzippedKib(whole).toFixed(1)} KiB gzip`)
  process.exitCode = kib <= CEILING_KIB ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

function gzippedKib(text: string): number {
  return gzipSync(text, { level: 9 }).length / 1024
}

/**
 * The bundle without this text, however the bundler quotes it.
 * @throws when the bundle does not contain it: then the measurement would be of something else
 */
function withoutLiteral(bundle: string, text: string): string {
  for (const quote of ['"', "'", '`']) {
    const inner = JSON.stringify(text)
      .slice(1, -1)
      .replaceAll('\\"', '"')
      .replaceAll(quote, `\\${quote}`)
    for (const spelling of [inner, inner.replaceAll('\\n', '\n'), inner.replaceAll('${', '\\${')]) {
      if (bundle.includes(spelling)) return bundle.replace(spelling, () => '')
    }
  }
  throw new Error(`the bundle has no page script that starts with ${text.slice(0, 40)}`)
}
