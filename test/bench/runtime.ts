import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'

/** A Worker on its own port. */
export interface BenchWorker {
  readonly name: string
  readonly port: number
  readonly script: string
  readonly bindings: Readonly<Record<string, string>>
}

const OBJECTS = {
  SESSIONS: 'SessionObject',
  USERS: 'UserObject',
  REPLAYS: 'ReplayObject',
  LOOKUPS: 'LookupObject',
  KEYS: 'KeyObject',
}

/** The runtime, ready for requests. Only `entrada` has storage, because it declares the classes. */
export async function openRuntime(workers: readonly BenchWorker[]): Promise<Miniflare> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      stripCfConnectingIp: false,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      workers: workers.map(({ port, ...worker }) => ({
        ...worker,
        modules: true,
        compatibilityDate: '2026-10-20',
        unsafeDirectSockets: [{ host: '127.0.0.1', port }],
        ...(worker.name === 'entrada' ? storage() : {}),
      })),
    }),
  )
  await miniflare.ready
  return miniflare
}

function storage() {
  const objects = Object.entries(OBJECTS).map(
    ([binding, className]) => [binding, { className, useSQLite: true }] as const,
  )
  return { kvNamespaces: ['VAULT'], durableObjects: Object.fromEntries(objects) }
}

/** Entrada as deployed. */
export function buildEntrada(): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
  try {
    const build = spawnSync('wrangler', ['deploy', '--dry-run', '--outdir', folder], {
      encoding: 'utf8',
    })
    if (build.status !== 0) throw new Error(`${build.stdout}\n${build.stderr}`)
    return readFileSync(join(folder, 'worker.js'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
