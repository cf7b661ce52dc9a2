import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aSearcher, names, Searcher } from './searcher-fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* Cached results are for one user only, in storage and in responses. */

describe('the stored cache', () => {
  test('contains no name, address or query in plain text', async () => {
    const adele = await aSearcher()
    for (const text of ['megan', 'Diego Sic', 'project', 'zacharias']) await adele.type(text)
    await (await adele.fetch(`/people/${CAST.unal.id}/photo?fallback=initials`)).body?.cancel()
    await adele.pause(0)
    const stored = adele.entrada.platform.dump().toLowerCase()
    expect(stored).toContain('v1.')
    // Texts of four letters would occur by chance in so much sealed data.
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

  test('cannot be decrypted under another key, and moved rows are fetched again', async () => {
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

  test('cannot be decrypted in the object of another user', async () => {
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

describe('two users with the same query [requirement 88]', () => {
  test('see their own relevant people', async () => {
    const adele = await aSearcher()
    const first = await adele.search('ma')
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    const before = alex.roundTrips
    const second = await alex.search('ma')
    expect(alex.roundTrips).toBe(before + 1)
    expect(names(second)).not.toEqual(names(first))
  })

  test('and different permissions see what each of them may see', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    const gustav = await aSearcher({ who: 'gustav', entrada: adele.entrada })
    expect(await gustav.search('bowen')).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
  })

  test('share no results across scopes: results found with a revoked scope are not shown', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('phoenix'))).toContain('Project Phoenix')
    adele.sandbox.entra.revokeAdminConsent('https://graph.microsoft.com', ['GroupMember.Read.All'])
    await adele.pause(0)
    const again = await signedIn(adele.entrada)
    const later = new Searcher(adele.entrada, again)
    const answer = await later.search('phoenix')
    expect(answer).toMatchObject({ results: [], status: { groups: 'consent_needed' } })
  })
})
