import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** The bar. Hono, oauth4webapi and jose alone take 28.5; the rest is ours. */
const BAR_KIB = 80

/**
 * The bar is not met since people, files and membership are whole. Until it is, this is the most there may be:
 * lowering it is welcome, raising it needs a reason: five more came with the OpenID provider.
 */
const CEILING_KIB = 103

const folder = mkdtempSync(join(tmpdir(), 'entrada-bundle-'))
try {
  const build = spawnSync('wrangler', ['deploy', '--dry-run', '--outdir', folder], {
    encoding: 'utf8',
  })
  if (build.status !== 0) throw new Error(`${build.stdout}\n${build.stderr}`)
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'))
  const bytes = Buffer.concat(scripts.map((name) => readFileSync(join(folder, name))))
  const kib = gzipSync(bytes, { level: 9 }).length / 1024
  const plain = (bytes.length / 1024).toFixed(1)
  console.log(
    `bundle: ${kib.toFixed(1)} KiB gzip (${plain} KiB minified); ceiling ${CEILING_KIB}, bar ${BAR_KIB}${kib > BAR_KIB ? ', not met' : ''}`,
  )
  process.exitCode = kib <= CEILING_KIB ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
