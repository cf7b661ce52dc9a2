import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4MiniflareOptions,
} from 'miniflare'
import { inject } from 'vitest'
import type { SandboxHosts } from '../../sandbox/hosts.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { serveSandbox, type ServeOptions } from '../../sandbox/serve.ts'
import { startSettings } from '../../sandbox/start/start-settings.ts'
import { Browser } from '../browser/browser.ts'
import { Logs } from '../logs.ts'
import { sendOverSocket } from './http-request.ts'

export interface ServedOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly sandbox?: ServeOptions
  /** Address of a chat app that the test provides. */
  readonly chat?: string
}

/** Entrada as deployed, on workerd and over sockets, with a served sandbox. */
export interface ServedEntrada {
  readonly origin: string
  readonly hosts: SandboxHosts
  readonly sandbox: Sandbox
  readonly logs: Logs
  /** Sends a raw request; does not follow redirects. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  browser(): Browser
  /** Every byte that KV and the objects store. */
  dump(): string
  /** Deploys with other settings: isolates and objects restart, storage stays. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>
  close(): Promise<void>
}

/** Logs of every running Entrada, shown when a test fails. */
export const servedLogs = new Set<Logs>()

export async function serveEntrada(options: ServedOptions = {}): Promise<ServedEntrada> {
  const served = await serveSandbox(options.sandbox)
  const storage = mkdtempSync(join(tmpdir(), 'entrada-storage-'))
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const logs = new Logs()
  servedLogs.add(logs)
  const settings = startSettings(
    { ...served, registration: served.sandbox.registration, publicOrigin: origin },
    { ...(options.chat === undefined ? {} : { ORIGIN_URL: options.chat }), ...options.settings },
  )
  const runtime = (overrides: Readonly<Record<string, string>> = {}) =>
    runtimeOptions({ port, storage, logs, settings: { ...settings, ...overrides } })
  const miniflare = new Miniflare(convertV4MiniflareOptions(runtime()))
  await miniflare.ready
  return {
    ...served,
    origin,
    logs,
    fetch: async (path, init) =>
      sendOverSocket(new Request(new URL(path, origin), { redirect: 'manual', ...init })),
    browser: () => new Browser({ home: origin, internet: sendOverSocket }),
    dump: () =>
      filesBelow(storage)
        .map((file) => readFileSync(file, 'latin1'))
        .join('\n'),
    restart: async (overrides) =>
      miniflare.setOptions(convertV4MiniflareOptions(runtime(overrides))),
    async close() {
      servedLogs.delete(logs)
      await miniflare.dispose()
      await served.close()
      rmSync(storage, { recursive: true })
    },
  }
}

interface Runtime {
  readonly port: number
  readonly storage: string
  readonly logs: Logs
  readonly settings: Readonly<Record<string, string>>
}

function runtimeOptions({ port, storage, logs, settings }: Runtime): V4MiniflareOptions {
  const { script, compatibilityDate, namespaces, objects } = inject('worker')
  return {
    modules: true,
    scriptPath: script,
    compatibilityDate,
    cf: false,
    bindings: settings,
    kvNamespaces: [...namespaces],
    durableObjects: Object.fromEntries(
      Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]),
    ),
    resourcePersistencePath: storage,
    // Connects to the Worker directly, because Miniflare's entry Worker changes encodings.
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: ({ message }) => logs.record([message]),
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
