import { CAST } from '../sandbox/directory/cast.ts'
import { toUser } from '../sandbox/graph/directory-objects.ts'
import { isFound } from '../sandbox/graph/matching.ts'
import { readSearchExpression } from '../sandbox/graph/search-expression.ts'
import { serveSandbox, type ServedSandbox } from '../sandbox/serve.ts'
import { startSettings } from '../sandbox/start/start-settings.ts'
import { Browser } from '../support/browser/browser.ts'
import { sendOverSocket } from '../support/workerd/http-request.ts'
import { quantile } from './measurements.ts'
import { buildEntrada, freePort, openRuntime } from './runtime.ts'

/**
 * `node test/bench/people.ts`: response time per typed letter. Cold is a name that was never typed
 * before, letter by letter, including Graph's time; warm repeats it. The Graph stand-in scans its
 * whole directory for every search, which dominates the cold figure at 200,000 people. Its own time
 * is printed for comparison.
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
const script = buildEntrada()
for (const people of SIZES) await measure(people)
console.log(`most round trips for one name, at any size: ${mostTrips} (bar: 2)`)

async function measure(people: number): Promise<void> {
  const served = await serveSandbox({ people, groups: 300 })
  served.sandbox.entra.grantAdminConsent(SCOPES)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const bindings = startSettings(
    { ...served, registration: served.sandbox.registration, publicOrigin: origin },
    { RATE_LIMITS: JSON.stringify({ search: { perMinute: 1_000_000 } }) },
  )
  const runtime = await openRuntime([{ name: 'entrada', port, script, bindings }])
  try {
    // Runs before any connection opens: it blocks this process for longer than the keep-alive
    // timeout.
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
    await runtime.dispose()
    await served.close()
  }
}

/** Time of one user search in the Graph stand-in alone. The first search also builds its index. */
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
