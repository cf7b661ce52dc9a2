import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aSearcher, names, Searcher } from './searcher-fixture.ts'

/* What is remembered for a search is for nobody else, neither in storage nor in an answer. */

describe('what is stored', () => {
  test('tells nobody’s name, address or question', async () => {
    const adele = await aSearcher()
    for (const text of ['megan', 'Diego Sic', 'project', 'zacharias']) await adele.type(text)
    await (await adele.fetch(`/people/${CAST.unal.id}/photo?fallback=initials`)).body?.cancel()
    await adele.pause(0)
    const stored = adele.entrada.platform.dump().toLowerCase()
    expect(stored).toContain('v1.')
    // Four letters turn up by chance where there is so much that is sealed.
    for (const secret of [
      'megan',
      'bowen',
      'diego',
      'siciliani',
      'project',
      'phoenix',
      'zacharias',
    ]) {
      expect(stored).not.toContain(secret)
      expect(stored).not.toContain(
        Buffer.from(secret).toString('base64').replace(/=+$/, '').toLowerCase(),
      )
    }
  })

  test('opens in its own place alone: what was moved is asked for again', async () => {
    const adele = await aSearcher()
    const answer = await adele.search('pr')
    await adele.pause(0)
    const [host] = adele.entrada.platform.objects.LOOKUPS.hosts
    host?.disk.database.exec(`
      CREATE TEMP TABLE was AS SELECT key, part, sealed FROM lookup;
      UPDATE lookup SET sealed = (SELECT sealed FROM was WHERE was.key = lookup.key AND was.part = 'groups')
      WHERE part = 'users';`)
    expect(await adele.search('pr')).toEqual(answer)
    expect(adele.roundTrips).toBe(2)
  })

  test('opens in nobody else’s object', async () => {
    const adele = await aSearcher()
    await adele.search('pr')
    await adele.pause(0)
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    const answer = await alex.search('pr')
    await alex.pause(0)
    const [hers, his] = adele.entrada.platform.objects.LOOKUPS.hosts
    const rows = hers?.disk.database.prepare("SELECT sealed FROM lookup WHERE part = 'users'").all()
    expect(rows).toHaveLength(1)
    his?.disk.database
      .prepare("UPDATE lookup SET sealed = ? WHERE part = 'users'")
      .run(String(rows?.[0]?.['sealed']))
    const before = alex.roundTrips
    expect(await alex.search('pr')).toEqual(answer)
    expect(alex.roundTrips).toBe(before + 1)
  })
})

describe('two users with the same question [requirement 88]', () => {
  test('see their own relevant people, and nobody’s else', async () => {
    const adele = await aSearcher()
    const first = await adele.search('ma')
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    const before = alex.roundTrips
    const second = await alex.search('ma')
    expect(alex.roundTrips).toBe(before + 1)
    expect(names(second)).not.toEqual(names(first))
  })

  test('and different permissions see what each may see', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    const gustav = await aSearcher({ who: 'gustav', entrada: adele.entrada })
    expect(await gustav.search('bowen')).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
  })

  test('one of whom lost a permission: what was found with it is not shown without it', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('phoenix'))).toContain('Project Phoenix')
    adele.sandbox.entra.revokeAdminConsent('https://graph.microsoft.com', ['GroupMember.Read.All'])
    await adele.pause(0)
    const again = adele.entrada.browser()
    await again.signIn(CAST.adele.userPrincipalName)
    const later = new Searcher(adele.entrada, again)
    const answer = await later.search('phoenix')
    expect(answer).toMatchObject({ results: [], status: { groups: 'consent_needed' } })
  })
})
