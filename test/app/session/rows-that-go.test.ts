import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import type { Entrada } from '../../support/entrada.ts'
import type { ObjectHost } from '../../support/platform/object-host.ts'
import { aChat, codeFor, ISSUER, redeem } from '../provider/fixture.ts'
import { signedIn, signOut } from '../../support/scene.ts'

const DAY = 86_400
const MONTH = 31 * DAY

/** Every row of all objects, as `BINDING name: table`. */
function rowsOf({ platform }: Entrada): readonly string[] {
  return Object.entries(platform.objects).flatMap(([binding, { hosts }]) =>
    hosts.flatMap((host) =>
      tablesWithRows(host).map((table) => `${binding} ${host.disk.name}: ${table}`),
    ),
  )
}

function tablesWithRows({ disk }: ObjectHost): readonly string[] {
  const { database } = disk
  return database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => database.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get() !== undefined)
}

/** Advances the clock without requests; due alarms fire as on the platform. */
async function leaveAlone({ platform }: Entrada, seconds: number): Promise<void> {
  const hour = 3600
  for (let passed = 0; passed < seconds; passed += hour) {
    platform.evict()
    await clock.advance(hour)
    await platform.runAlarms()
  }
}

/** Signs in and uses every feature that stores a row. */
async function aBusyDay() {
  const scene = aChat()
  const { entrada } = scene
  entrada.sandbox.entra.grantAdminConsent(['User.Read', 'People.Read', 'User.ReadBasic.All'])
  const browser = await signedIn(entrada)
  await browser.open('/')
  await (await browser.fetch('/.entrada/people?q=megan')).text()
  const code = await codeFor(browser)
  expect((await redeem(scene, { code })).status).toBe(200)
  // A second use stores a revocation as well.
  expect((await redeem(scene, { code })).status).toBe(400)
  await (await entrada.fetch(`${ISSUER}/jwks`)).text()
  return { entrada, browser }
}

describe('rows of objects are deleted by alarms', () => {
  test('no object of any class has a row a month after a sign-out', async () => {
    const { entrada, browser } = await aBusyDay()
    const before = rowsOf(entrada)
    for (const { binding } of Object.values(entrada.platform.objects)) {
      expect(before).toContainEqual(expect.stringMatching(`^${binding} `))
    }
    for (const kind of ['user/', 'browser-session/']) {
      expect(before).toContainEqual(expect.stringMatching(`^USERS ${kind}`))
    }
    for (const kind of ['oidc-code/', 'oidc-revoked/']) {
      expect(before).toContainEqual(expect.stringMatching(`^REPLAYS ${kind}`))
    }
    await signOut(browser)
    await leaveAlone(entrada, MONTH + DAY)
    expect(rowsOf(entrada)).toEqual([])
    expect([...entrada.platform.vault.stored()]).toEqual([])
  })

  test('no object has a row a month after the session expired', async () => {
    const { entrada } = await aBusyDay()
    await leaveAlone(entrada, 7 * DAY + MONTH)
    expect(rowsOf(entrada)).toEqual([])
  })

  test('empty objects have no tables and no alarm', async () => {
    const { entrada, browser } = await aBusyDay()
    await signOut(browser)
    await leaveAlone(entrada, 8 * DAY)
    const { USERS, REPLAYS } = entrada.platform.objects
    const disks = [...USERS.hosts, ...REPLAYS.hosts].map(({ disk }) => disk)
    const tables = disks.flatMap(({ database }) =>
      database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all(),
    )
    expect(tables).toEqual([])
    expect(disks.map(({ alarm }) => alarm)).not.toContainEqual(expect.any(Number))
  })

  test('an alarm deletes no row that is still valid', async () => {
    const { entrada, browser } = await aBusyDay()
    const other = await signedIn(entrada)
    // The first session expires after an idle day; the other one goes on.
    for (let hours = 0; hours < 30; hours += 6) {
      expect((await other.fetch('/.entrada/session')).status).toBe(200)
      await leaveAlone(entrada, 6 * 3600)
    }
    expect((await browser.tab().fetch('/.entrada/session')).status).toBe(401)
    const answer = await other.fetch('/.entrada/sessions')
    expect((await answer.json<{ sessions: unknown[] }>()).sessions).toHaveLength(1)
    expect(rowsOf(entrada)).toContainEqual(
      expect.stringMatching(`^USERS user/.+${CAST.adele.id}: session$`),
    )
  })

  test('an alarm that fires too early deletes nothing', async () => {
    const { entrada, browser } = await aBusyDay()
    const before = rowsOf(entrada)
    for (const { hosts } of Object.values(entrada.platform.objects)) {
      for (const host of hosts) await host.alarm(Infinity)
    }
    expect(rowsOf(entrada)).toEqual(before)
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
    // It has set itself again.
    await signOut(browser)
    await leaveAlone(entrada, MONTH + DAY)
    expect(rowsOf(entrada)).toEqual([])
  })

  test('a pause that Microsoft requested is deleted at its end', async () => {
    const { entrada, browser } = await aBusyDay()
    entrada.sandbox.faults.set('entra.token_throttled')
    await clock.advance(2 * 3600)
    await browser.fetch('/.entrada/session')
    expect(rowsOf(entrada)).toContainEqual(expect.stringMatching(/^USERS user\/.+: pause$/))
    await leaveAlone(entrada, MONTH + DAY)
    expect(rowsOf(entrada)).toEqual([])
  })
})
