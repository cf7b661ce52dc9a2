import { expect, test } from 'vitest'
import { anEntrada } from '../../support/entrada.ts'
import type { ObjectHost } from '../../support/platform/object-host.ts'
import { signedIn } from '../../support/scene.ts'

/** Names of the tables in these objects. */
function tablesOf(hosts: readonly ObjectHost[]): readonly string[] {
  return hosts.flatMap(({ disk }) =>
    disk.database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name)),
  )
}

test('made-up cookies and sign-out notices create no database', async () => {
  const entrada = anEntrada({ settings: { RATE_LIMITS: '{"login":{"perMinute":1000}}' } })
  for (let index = 0; index < 30; index++) {
    const cookie = `__Host-entrada=${String(index).padStart(24, 'A')}.${'B'.repeat(43)}`
    expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
    await entrada.fetch(`/.entrada/frontchannel-logout?sid=made-up-${index}`)
  }
  const { SESSIONS, USERS } = entrada.platform.objects
  expect(SESSIONS.hosts.length).toBe(30)
  expect(tablesOf([...SESSIONS.hosts, ...USERS.hosts])).toEqual([])
})

test('an ended session and a user without sessions leave no rows and no tables', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const { USERS, SESSIONS } = entrada.platform.objects
  expect(tablesOf(SESSIONS.hosts)).not.toEqual([])
  await browser.fetch('/.entrada/logout', { method: 'POST' })
  expect(tablesOf(SESSIONS.hosts)).toEqual([])
  const ofUsers = USERS.hosts.filter((host) => host.id.name?.startsWith('user/'))
  expect(ofUsers).toHaveLength(1)
  expect(tablesOf(ofUsers)).toEqual([])
})
