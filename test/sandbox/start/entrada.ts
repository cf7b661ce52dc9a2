import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import * as v from 'valibot'
import { unstable_readConfig as readConfig } from 'wrangler'
import type { Bundle } from './bundle.ts'
import type { StartSettings } from './start-settings.ts'

/** What of `wrangler.toml` the local runtime needs to know. */
const CONFIG = v.object({
  compatibility_date: v.string(),
  compatibility_flags: v.array(v.string()),
  kv_namespaces: v.array(v.object({ binding: v.string() })),
  durable_objects: v.object({
    bindings: v.array(v.object({ name: v.string(), class_name: v.string() })),
  }),
})

export interface EntradaOptions {
  readonly root: string
  readonly port: number
  readonly bundle: Bundle
  readonly settings: StartSettings
  /** A line of Entrada's own log, one JSON object. */
  onLog(line: string): void
  /** The runtime ended without being stopped. */
  onCrash(): void
}

/** Entrada on the runtime that Cloudflare runs, with the bindings of `wrangler.toml`, kept in memory. */
export async function runEntrada(options: EntradaOptions): Promise<Miniflare> {
  const config = v.parse(CONFIG, readConfig({ config: `${options.root}/wrangler.toml` }))
  const objects = config.durable_objects.bindings.map(
    ({ name, class_name: className }) => [name, { className, useSQLite: true }] as const,
  )
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: options.bundle.name, contents: options.bundle.code }],
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      host: 'localhost',
      port: options.port,
      cf: false,
      bindings: { ...options.settings },
      kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
      durableObjects: Object.fromEntries(objects),
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => options.onLog(message),
      unsafeHandleRuntimeRestart: () => options.onCrash(),
    }),
  )
  await miniflare.ready
  return miniflare
}
