/**
 * `npm start`: the sandbox tenant, a demo chat and Entrada in front of it, all on loopback. Needs no registration
 * and stores nothing.
 */
import type { Miniflare } from 'miniflare'
import { type ServedSandbox, serveSandbox } from './serve.ts'
import { banner, logLine, misconfigured, reportIn, stopped } from './start/announcements.ts'
import { bundleWorker } from './start/bundle.ts'
import { runEntrada } from './start/entrada.ts'
import { whenParentsAreGone } from './start/parents.ts'
import { choosePorts, isFree } from './start/ports.ts'
import { readinessOf } from './start/readiness.ts'
import { isLoopback, readOverrides, startSettings, wantedPort } from './start/start-settings.ts'

const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

/** Permissions for people, groups and files, granted as an administrator would, so that every feature works. */
const GRAPH_SCOPES = ['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All', 'Files.Read.All']
const SHAREPOINT_SCOPES = ['MyFiles.Read', 'AllSites.Read']

const SANDBOX_IS_LOCAL =
  'DOMAIN_SERVER is a public address and the tenant is the sandbox, which answers on this machine ' +
  'only. Set OPENID_ISSUER and a registration of your own with it, or leave DOMAIN_SERVER out.'

const running: { served?: ServedSandbox; entrada?: Miniflare; isStopping: boolean } = {
  isStopping: false,
}

async function stop(exitCode: number, message: string): Promise<void> {
  if (running.isStopping) return
  running.isStopping = true
  console.log(message)
  // Exits even when something does not close in time.
  setTimeout(() => process.exit(exitCode), 4000).unref()
  await Promise.allSettled([running.entrada?.dispose(), running.served?.close()])
  process.exit(exitCode)
}

async function start(): Promise<void> {
  const overrides = readOverrides(ROOT, process.env)
  const ports = await choosePorts(wantedPort(overrides))
  if (!(await isFree(ports.entrada))) throw new Error(`Port ${ports.entrada} is taken.`)
  const [bundle, served] = await Promise.all([
    bundleWorker(ROOT),
    serveSandbox({ ports: ports.sandbox }),
  ])
  running.served = served
  const { hosts, sandbox } = served
  sandbox.entra.grantAdminConsent(GRAPH_SCOPES)
  sandbox.entra.grantAdminConsent(SHAREPOINT_SCOPES, hosts.sharePoint)

  const local = `http://localhost:${ports.entrada}`
  const surroundings = { hosts, registration: sandbox.registration, publicOrigin: local }
  const settings = startSettings(surroundings, overrides)
  let report = ''
  running.entrada = await runEntrada({
    root: ROOT,
    port: ports.entrada,
    bundle,
    settings,
    onLog(line) {
      const found = reportIn(line)
      if (found !== null) report = found
      const text = found === null ? logLine(line) : null
      if (text !== null && !running.isStopping) console.log(text)
    },
    onCrash: () => void stop(1, stopped('The Workers runtime ended unexpectedly.')),
  })
  const readiness = await readinessOf(local)
  switch (readiness.state) {
    case 'ready': {
      const isSandboxTenant = settings['OPENID_ISSUER']?.startsWith(hosts.login) === true
      const publicUrl = settings['DOMAIN_SERVER'] ?? local
      if (isSandboxTenant && !isLoopback(publicUrl)) return stop(1, stopped(SANDBOX_IS_LOCAL))
      console.log(banner(publicUrl, hosts, isSandboxTenant))
      return
    }
    case 'misconfigured':
      return stop(1, misconfigured(readiness.report === '' ? report : readiness.report))
    case 'silent':
      return stop(1, stopped('Entrada did not answer.'))
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C exits at once; the runtime is a child process and ends too.
    if (running.isStopping) process.exit(0)
    void stop(0, '')
  })
}

whenParentsAreGone(() => void stop(0, ''))

start().catch((error: unknown) =>
  stop(1, stopped(error instanceof Error ? error.message : String(error))),
)
