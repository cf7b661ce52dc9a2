import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Bundle {
  readonly code: string
  readonly name: string
}

/** The Worker as it would be deployed, made in a folder of its own that is gone afterwards. */
export async function bundleWorker(root: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-start-'))
  try {
    const { exitCode, output } = await run(root, ['deploy', '--dry-run', '--outdir', folder])
    if (exitCode !== 0) throw new Error(`The Worker could not be built.\n${output}`)
    return { code: readFileSync(join(folder, 'worker.js'), 'utf8'), name: 'worker.js' }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(root: string, args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const wrangler = spawn(
      process.execPath,
      [`${root}/node_modules/wrangler/bin/wrangler.js`, ...args],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          WRANGLER_SEND_METRICS: 'false',
          CLOUDFLARE_CF_FETCH_ENABLED: 'false',
          NO_COLOR: '1',
        },
      },
    )
    let output = ''
    for (const stream of [wrangler.stdout, wrangler.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    wrangler.once('error', reject)
    wrangler.once('close', (code) => resolve({ exitCode: code ?? 1, output }))
  })
}
