import { Session } from 'node:inspector/promises'
import { registerHooks } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/*
 * `npm run trace`: how many files of `src` one request enters, for a reader who follows it. A file counts when
 * one of its named functions runs. Runs the whole app on the test doubles, with V8's precise coverage.
 */
const ROOT = join(import.meta.dirname, '..')
const WORKERS_DOUBLE = pathToFileURL(
  join(import.meta.dirname, 'support/cloudflare-workers.ts'),
).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? { url: WORKERS_DOUBLE, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})

/** The most files each kind of request may enter. */
const MOST = {
  'proxied page': 28,
  'first search': 50,
  'search from memory': 34,
  download: 48,
  'sign-in callback': 66,
}

// After the hook, because the Worker's modules import `cloudflare:workers`.
const { anEntrada } = await import('./support/entrada.ts')
const { Browser } = await import('./support/browser/browser.ts')
const { installWorkersGlobals } = await import('./support/platform/workers-globals.ts')
const { CAST } = await import('./sandbox/directory/cast.ts')
const { ADELE_FILES } = await import('./sandbox/drives/cast-files.ts')

const inspector = new Session()
inspector.connect()
await inspector.post('Profiler.enable')
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

const showLog = console.log
for (const name of ['log', 'warn', 'error'] as const) console[name] = () => {}
installWorkersGlobals()
const entered = await traceRequests()
for (const [what, most] of Object.entries(MOST)) {
  const files = entered.get(what) ?? []
  showLog(`${what.padEnd(20)} ${String(files.length).padStart(3)} files (at most ${most})`)
  if (process.argv.includes('--files')) for (const file of files) showLog(`    ${file}`)
  if (files.length === 0 || files.length > most) process.exitCode = 1
}

/** Signs Adele in and makes each kind of request once, everything warm but the callback's isolate. */
async function traceRequests(): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  const entrada = anEntrada()
  const { entra, hosts, drives } = entrada.sandbox
  entra.grantAdminConsent(['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'])
  entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
  entra.grantAdminConsent(['MyFiles.Read', 'AllSites.Read'], hosts.sharePoint)
  const callbackIsolate = anEntrada({ share: entrada })
  let next: string | null = null
  const browser = new Browser({
    home: entrada.origin,
    internet: async (request) => {
      const url = new URL(request.url)
      if (url.origin !== entrada.origin) return entrada.internet.fetch(request)
      const isCallback = url.pathname === '/oauth/openid/callback'
      const what = isCallback ? 'sign-in callback' : next
      if (what === null) return entrada.fetch(request)
      await filesEntered()
      const response = await (isCallback ? callbackIsolate : entrada).fetch(request)
      const body = response.body === null ? null : await response.arrayBuffer()
      await entrada.platform.settle()
      found.set(what, await filesEntered())
      return new Response(body, response)
    },
  })
  await browser.signIn(CAST.adele.userPrincipalName)
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  const { driveId, id } = drives.at(drive, ADELE_FILES.report)
  const requests: readonly (readonly [what: string | null, path: string])[] = [
    [null, '/'],
    ['proxied page', '/'],
    [null, '/.entrada/session'],
    ['first search', '/.entrada/people?q=meg'],
    ['search from memory', '/.entrada/people?q=megan'],
    [null, `/.entrada/files/${driveId}/${id}`],
    ['download', `/.entrada/files/${driveId}/${id}/content`],
  ]
  for (const [what, path] of requests) {
    next = what
    const response = await (path === '/' ? browser.open(path) : browser.fetch(path))
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
  }
  return found
}

/** Files of `src` in which a named function has run since the last call. */
async function filesEntered(): Promise<readonly string[]> {
  const { result } = await inspector.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ url }) => url.startsWith(pathToFileURL(join(ROOT, 'src/')).href))
    .filter(({ functions }) =>
      functions.some(
        ({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0,
      ),
    )
    .map(({ url }) => relative(ROOT, fileURLToPath(url)))
    .sort()
}
