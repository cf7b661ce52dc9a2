import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import * as v from 'valibot'
import type { TestProject } from 'vitest/node'

/** The deployed script, and the runtime options of its configuration. */
export interface BuiltWorker {
  readonly script: string
  readonly compatibilityDate: string
  readonly namespaces: readonly string[]
  /** Binding to class name. */
  readonly objects: Readonly<Record<string, string>>
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly worker: BuiltWorker
  }
}

const WranglerConfig = v.object({
  compatibility_date: v.string(),
  kv_namespaces: v.array(v.object({ binding: v.string() })),
  durable_objects: v.object({
    bindings: v.array(v.object({ name: v.string(), class_name: v.string() })),
  }),
})

/** Builds once per project, before its first test. */
export async function setup(project: TestProject): Promise<void> {
  const root = join(import.meta.dirname, '..', '..', '..')
  const folder = join(root, '.wrangler', `test-${project.name}`)
  const build = spawnSync(
    join(root, 'node_modules', '.bin', 'wrangler'),
    ['deploy', '--dry-run', '--outdir', folder],
    { cwd: root, encoding: 'utf8', env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } },
  )
  if (build.status !== 0) {
    throw new Error(`the Worker cannot be built\n${build.stdout}${build.stderr}`)
  }
  const { unstable_readConfig: readConfig } = await import('wrangler')
  const config = v.parse(WranglerConfig, readConfig({ config: join(root, 'wrangler.toml') }))
  const objects = config.durable_objects.bindings.map((one) => [one.name, one.class_name] as const)
  project.provide('worker', {
    script: join(folder, 'worker.js'),
    compatibilityDate: config.compatibility_date,
    namespaces: config.kv_namespaces.map(({ binding }) => binding),
    objects: Object.fromEntries(objects),
  })
}
