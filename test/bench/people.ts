import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { CAST } from '../sandbox/directory/cast.ts'
import { toUser } from '../sandbox/graph/directory-objects.ts'
import { isFound } from '../sandbox/graph/matching.ts'
import { readSearchExpression } from '../sandbox/graph/search-expression.ts'
import { serveSandbox, type ServedSandbox } from '../sandbox/serve.ts'
import { startSettings } from '../sandbox/start/start-settings.ts'
import { Browser } from '../support/browser/browser.ts'
import { sendOverSocket } from '../support/workerd/http-request.ts'

/*
 * `node test/bench/people.ts`: how long a letter takes. Cold is a name nobody has typed yet, letter by letter,
 * with Graph's own time in it; warm is the same again. The stand-in for Graph reads its whole directory at
 * every search, which at 200,000 people is most of a cold figure; what it takes alone is shown beside it.
 */
const SIZES = [5_000, 60_000, 200_000]
const NAMES = [
  'adele va',
  'maria si',
  'jack smi',
  'daniel b',
  'kevin ma',
  'stephan ',
  'grace br',
  'peter no',
  'müller a',
  'o’connor',
  'нина пет',
  'محمد الح',
  '山田 太郎',
  'megan.bo',
]
const SCOPES = ['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']

let mostTrips = 0
console.log('one letter of a name, ms      p50     p99    round trips a name, at most')
const folder = mkdtempSync(join(tmpdir(), 'entrada-bench-'))
try {
  const script = buildWorker(folder)
  for (const people of SIZES) await measure(script, people)
  console.log(`most round trips for one name, at any size: ${mostTrips} (bar: 2)`)
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(script: string, people: number): Promise<void> {
  const served = await serveSandbox({ people, groups: 300 })
  served.sandbox.entra.grantAdminConsent(SCOPES)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script,
      compatibilityDate: '2026-10-20',
      cf: false,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      bindings: startSettings(
        { ...served, registration: served.sandbox.registration, publicOrigin: origin },
        { RATE_LIMITS: JSON.stringify({ search: { perMinute: 1_000_000 } }) },
      ),
      kvNamespaces: ['VAULT'],
      durableObjects: Object.fromEntries(
        [
          'SESSIONS:SessionObject',
          'USERS:UserObject',
          'LOOKUPS:LookupObject',
          'KEYS:KeyObject',
        ].map((pair) => {
          const [binding = '', className = ''] = pair.split(':')
          return [binding, { className, useSQLite: true }]
        }),
      ),
      unsafeDirectSockets: [{ host: '127.0.0.1', port }],
    }),
  )
  await miniflare.ready
  try {
    // Before anything is connected: it keeps this process busy for longer than a connection lives idle.
    const alone = NAMES.map((name) => searchAlone(served, name.slice(0, 3)))
    const browser = new Browser({ home: origin, internet: sendOverSocket })
    await browser.signIn(CAST.adele.userPrincipalName)
    const { journal } = served.sandbox
    const type = async (name: string): Promise<readonly number[]> => {
      const times: number[] = []
      for (let length = 2; length <= name.length; length++) {
        const started = performance.now()
        const q = encodeURIComponent(name.slice(0, length))
        const response = await browser.fetch(`/.entrada/people?q=${q}`)
        const answer = await response.text()
        times.push(performance.now() - started)
        if (!answer.includes('"users":"ok"')) throw new Error(`${response.status} ${answer}`)
      }
      return times
    }
    await type('warm up')
    const trips: number[] = []
    const cold: number[] = []
    for (const name of NAMES) {
      const before = journal.to('graph').length
      cold.push(...(await type(name)))
      trips.push(journal.to('graph').length - before)
    }
    mostTrips = Math.max(mostTrips, ...trips)
    const before = journal.to('graph').length
    const warm: number[] = []
    for (let round = 0; round < 10; round++) {
      for (const name of NAMES) warm.push(...(await type(name)))
    }
    report(`${people} people, cold`, cold, Math.max(...trips))
    report(`${people} people, warm`, warm, journal.to('graph').length - before)
    report('  the stand-in alone', alone, null)
  } finally {
    await miniflare.dispose()
    await served.close()
  }
}

/** What a search of its users takes the stand-in itself. The first one also makes its index. */
function searchAlone({ sandbox }: ServedSandbox, text: string): number {
  const [contoso] = sandbox.tenants
  const users = (contoso?.people ?? []).map((person) => toUser(person))
  const search = readSearchExpression(`"displayName:${text}"`)
  const started = performance.now()
  users.filter((user) => isFound(search, user))
  return performance.now() - started
}

function report(what: string, times: readonly number[], trips: number | null): void {
  const figures = [quantile(times, 0.5), quantile(times, 0.99)]
  const columns = figures.map((figure) => figure.toFixed(1).padStart(8))
  console.log(`${what.padEnd(25)}${columns.join('')}    ${trips ?? ''}`)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function buildWorker(into: string): string {
  const build = spawnSync('wrangler', ['deploy', '--dry-run', '--minify', '--outdir', into], {
    encoding: 'utf8',
  })
  if (build.status !== 0) throw new Error(`${build.stdout}\n${build.stderr}`)
  return readFileSync(join(into, 'worker.js'), 'utf8')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
