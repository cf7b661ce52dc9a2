import { expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { FaultName } from '../../sandbox/faults.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const HOUR = 3600

/** Short faults of Entra, Graph and KV on an ordinary day: hour → fault, for ten minutes. */
const BLIPS: ReadonlyMap<number, FaultName> = new Map([
  [2, 'entra.token_server_error'],
  [5, 'entra.outage'],
  [7, 'entra.token_throttled'],
  [11, 'graph.outage'],
  [13, 'entra.token_malformed'],
  [17, 'graph.throttled'],
  [20, 'entra.discovery_outage'],
])

test('twenty-four hours in three tabs, with short outages, need one sign-in until the revocation [requirement 30]', async () => {
  const here = anEntrada({
    settings: { SESSION_IDLE_SECONDS: String(12 * HOUR), SESSION_MAX_SECONDS: String(48 * HOUR) },
  })
  const there = anEntrada({ share: here })
  here.sandbox.entra.grantAdminConsent([
    'User.Read',
    'People.Read',
    'User.ReadBasic.All',
    'GroupMember.Read.All',
  ])
  const first = await signedIn(here)
  const tabs = [first, here.tabOf(first), there.tabOf(first)]
  const authorizations = () =>
    here.sandbox.journal.to('login').filter(({ url }) => url.pathname.endsWith('/authorize')).length
  const signIns = authorizations()

  let answered = 0
  for (let minute = 0; minute < 24 * 60; minute += 6) {
    const hour = Math.floor(minute / 60)
    const blip = BLIPS.get(hour)
    if (blip !== undefined && minute % 60 === 0) here.sandbox.faults.set(blip)
    if (minute % 60 === 12) here.sandbox.faults.clear()
    if (hour % 8 === 4) here.platform.vault.bend({ staleSeconds: 600 })
    else here.platform.vault.bend({})
    // Lunch: an hour without requests, in which objects are evicted.
    if (hour !== 12) {
      const tab = tabs[(minute / 6) % 3] ?? first
      const page = await tab.open(`${here.origin}/echo?minute=${minute}`)
      expect([minute, page.status, page.hops.length]).toEqual([minute, 200, 1])
      const people = await tab.fetch(`/.entrada/people?q=${['me', 'al', 'ad'][(minute / 6) % 3]}`)
      expect(people.status).toBe(200)
      const { status } = await people.json<{ status: { users: string } }>()
      if (status.users === 'ok') answered += 1
    }
    here.platform.evict()
    await clock.advance(360)
  }
  expect(authorizations()).toBe(signIns)
  // Nearly every request succeeded in spite of the faults.
  expect(answered / 230).toBeGreaterThan(0.9)
  // About one refresh per access token, not one per request.
  expect(here.sandbox.journal.redemptions('refresh_token').length).toBeLessThan(60)

  here.sandbox.entra.revokeSessions(CAST.adele.id)
  await clock.advance(2 * HOUR)
  await first.fetch('/.entrada/people?q=zoe')
  const page = await first.open(`${here.origin}/echo`)
  expect(page.hops[0]?.status).toBe(302)
  expect(page.url.origin).toBe(here.sandbox.hosts.login)
}, 60_000)
