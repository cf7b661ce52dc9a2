import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Bundle {
  readonly code: string
  readonly name: string
}

/**
 * The Worker as it would be deployed, made in a folder of its own that is gone afterwards. Wrangler leaves folders
 * where it runs and beside its configuration, so it runs there, with a copy.
 */
export async function bundleWorker(root: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-start-'))
  try {
    const [config, out] = [join(folder, 'project', 'wrangler.toml'), join(folder, 'out')]
    mkdirSync(join(folder, 'project'))
    cpSync(join(root, 'wrangler.toml'), config)
    const { exitCode, output } = await run(root, folder, [
      ...['deploy', join(root, 'src', 'worker.ts')],
      ...['--config', config, '--dry-run', '--outdir', out],
    ])
    if (exitCode !== 0) throw new Error(`The Worker could not be built.\n${output}`)
    return { code: readFileSync(join(out, 'worker.js'), 'utf8'), name: 'worker.js' }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(
  root: string,
  folder: string,
  args: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const wrangler = spawn(
      process.execPath,
      [`${root}/node_modules/wrangler/bin/wrangler.js`, ...args],
      {
        cwd: join(folder, 'project'),
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          WRANGLER_SEND_METRICS: 'false',
          CLOUDFLARE_CF_FETCH_ENABLED: 'false',
          // The banner asks the npm registry for the newest version.
          WRANGLER_HIDE_BANNER: 'true',
          // Logs and the file that says what may be measured.
          XDG_CONFIG_HOME: join(folder, 'config'),
          WRANGLER_LOG_PATH: join(folder, 'logs'),
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
