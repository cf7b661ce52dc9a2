import { describe, expect, test, vi } from 'vitest'
import { CAST, CAST_GROUPS } from '../sandbox/directory/cast.ts'
import type { Person } from '../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { anEntrada } from '../support/entrada.ts'
import { clock } from '../support/clock.ts'
import { answerOf, aSearcher, names, Searcher } from './people-searcher.ts'

function personIn(sandbox: Sandbox, id: string): Person {
  const person = sandbox.tenants[0]?.person(id)
  if (person === null || person === undefined) throw new Error(`nobody is ${id}`)
  return person
}

function rename(sandbox: Sandbox, id: string, displayName: string): void {
  sandbox.tenants[0]?.putPerson({ ...personIn(sandbox, id), displayName })
}

describe('typing eight letters', () => {
  const LARGE = { people: 5000, groups: 300 }

  test.each([
    'adele va',
    'maria mü',
    'smith-jo',
    'jack smi',
    'daniel b',
    'Нина Пет',
    '山田 太郎 様子',
    'محمد الح',
    'campaign',
    'project ',
    "o'connor",
    'zzyzzx q',
    'megan.bo',
  ])('of “%s” costs at most two round trips to Graph, and a repeat none', async (text) => {
    const adele = await aSearcher({ sandbox: createSandbox(LARGE) })
    const answers = await adele.type(text)
    expect(adele.roundTrips).toBeLessThanOrEqual(2)
    for (const { status } of answers) {
      expect(status).toEqual({ people: 'ok', users: 'ok', groups: 'ok', local: 'off' })
    }
    const before = adele.roundTrips
    expect(await adele.type(text)).toEqual(answers)
    expect(adele.roundTrips).toBe(before)
  })

  test('faster than Graph answers costs no more', async () => {
    const adele = await aSearcher({ sandbox: createSandbox(LARGE) })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const text = 'jack smi'
    const answers = await Promise.all(
      [...text].slice(1).map((_, index) => adele.search(text.slice(0, index + 2))),
    )
    expect(adele.roundTrips).toBeLessThanOrEqual(2)
    expect(names(answers.at(-1) ?? (await adele.search(text)))[0]).toMatch(/^Jack Smi/)
  })

  test('in whichever order its letters go on costs no more', async () => {
    // So many are called Brown that nine letters are what it takes to tell one of them.
    const adele = await aSearcher({ sandbox: createSandbox({ people: 60_000, groups: 0 }) })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 100 })
    const first = adele.search('br')
    await vi.waitUntil(() => adele.roundTrips === 1)
    const later = ['brown ama', 'brown am', 'brown a', 'brown', 'bro'].map((q) => adele.search(q))
    await Promise.all([first, ...later])
    expect(adele.roundTrips).toBe(2)
  })

  test('gives at every letter what asking Graph for it would give', async () => {
    const typing = await aSearcher({ sandbox: createSandbox(LARGE) })
    const answers = await typing.type('stephan')
    const asking = await aSearcher({
      sandbox: createSandbox(LARGE),
      settings: { LOOKUP_CACHE_SECONDS: '0' },
    })
    for (const answer of answers) {
      const direct = await asking.search(answer.query)
      expect(new Set(names(answer))).toEqual(new Set(names(direct)))
    }
  })
})

test('symbols that nobody is called by do not keep whoever follows them from being found', async () => {
  const adele = await aSearcher()
  const answers = await adele.type('++megan')
  expect(names(answers.at(-1) ?? (await adele.search('++megan')))).toEqual(['Megan Bowen'])
})

describe('the same question at the same time', () => {
  test('is put to Graph once, also from two data centres', async () => {
    const adele = await aSearcher()
    const elsewhere = anEntrada({ share: adele.entrada })
    const tab = elsewhere.tabOf(adele.browser)
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const responses = await Promise.all([
      ...Array.from({ length: 5 }, () => adele.fetch('/people?q=megan')),
      ...Array.from({ length: 5 }, () => tab.fetch('/.entrada/people?q=megan')),
    ])
    for (const response of responses) {
      expect(names(await answerOf(response))).toEqual(['Megan Bowen'])
    }
    expect(adele.roundTrips).toBe(1)
  })

  test('is not lost with the one who asked first and left', async () => {
    const adele = await aSearcher()
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const leaving = new AbortController()
    const first = adele.fetch('/people?q=megan', { signal: leaving.signal })
    leaving.abort(new Error('typed on'))
    await expect(first).rejects.toThrow('typed on')
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
    expect(adele.roundTrips).toBe(1)
  })
})

describe('an answer', () => {
  test('is asked anew once it is old, while the old one is shown', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    rename(adele.sandbox, CAST.megan.id, 'Megan Bowen-Smith')
    await adele.pause(298)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    expect(adele.roundTrips).toBe(1)
    await adele.pause(2)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    await adele.pause(0)
    expect(adele.roundTrips).toBe(2)
    const last = adele.sandbox.journal.to('graph').at(-1)
    expect(last?.headers.get('x-ms-throttle-priority')).toBe('low')
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen-Smith'])
    expect(adele.roundTrips).toBe(2)
  })

  test('is never shown after its time, alarm or no alarm', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    rename(adele.sandbox, CAST.megan.id, 'Megan Bowen-Smith')
    await adele.pause(601)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen-Smith'])
  })

  test('that nobody is called so is not believed for long', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('zacharias'))).toEqual([])
    rename(adele.sandbox, CAST.unal.id, 'Zacharias Newman')
    await adele.pause(55)
    expect(names(await adele.search('zacharias'))).toEqual([])
    await adele.pause(6)
    expect(names(await adele.search('zacharias'))).toEqual(['Zacharias Newman'])
  })

  test('is kept whole, however much a thousand groups have to say about themselves', async () => {
    const sandbox = createSandbox({ people: 0, groups: 0 })
    const [contoso] = sandbox.tenants
    const group = contoso?.group(CAST_GROUPS.phoenixOne)
    if (group === null || group === undefined) throw new Error('no group')
    for (let index = 0; index < 999; index++) {
      const id = `0c1b6f0e-2f6c-4f6e-8a77-${String(900_000 + index).padStart(12, '0')}`
      const displayName = `Zeichenkreis ${index}`
      contoso?.putGroup({ ...group, id, displayName, description: '筆'.repeat(1024) })
    }
    const adele = await aSearcher({ sandbox })
    const first = await adele.search('zeichen')
    expect(await adele.search('zeichen')).toEqual(first)
    expect(adele.roundTrips).toBe(1)
  })

  test('to capitals is one to small letters, and to a text with more space around it', async () => {
    const adele = await aSearcher()
    const { results } = await adele.search('megan')
    expect(results).not.toEqual([])
    for (const typed of ['MEGAN', ' Megan ', 'megan\t']) {
      expect((await adele.search(typed)).results).toEqual(results)
    }
    expect(adele.roundTrips).toBe(1)
  })

  test('outlives the object’s memory', async () => {
    const adele = await aSearcher()
    await adele.type('megan')
    await adele.pause(0)
    adele.entrada.platform.evict()
    const before = adele.roundTrips
    await adele.type('megan')
    expect(adele.roundTrips).toBe(before)
  })

  test('is kept for nobody where the operator wants nothing kept', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    await adele.search('megan')
    await adele.search('megan')
    expect(adele.roundTrips).toBe(2)
    expect(adele.entrada.platform.count('LOOKUPS')).toBe(0)
  })

  test('is gone from storage when the time of all of them is over', async () => {
    const adele = await aSearcher()
    await adele.type('megan')
    await adele.pause(601)
    expect(await adele.entrada.platform.runAlarms()).toBe(1)
    const [host] = adele.entrada.platform.objects.LOOKUPS.hosts
    expect([...(host?.disk.contents() ?? [])].join('')).not.toContain('v1.')
  })
})

describe('memory is a help and never a must:', () => {
  test.each([['overloaded'], ['unreachable']] as const)(
    '%s, it costs nobody the search',
    async (fails) => {
      const adele = await aSearcher()
      adele.entrada.platform.objects.LOOKUPS.bend({ fails })
      const answer = await adele.search('megan')
      expect(names(answer)).toEqual(['Megan Bowen'])
      expect(adele.roundTrips).toBe(1)
    },
  )

  test('an answer lost on its way is asked for at Graph', async () => {
    const adele = await aSearcher()
    adele.entrada.platform.objects.LOOKUPS.bend({ loses: true })
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
  })
})

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
    await adele.search('bowen')
    await adele.pause(0)
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    await alex.search('siciliani')
    await alex.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    expect(hosts.map(({ id }) => id.name)).toHaveLength(2)
    expect(new Set(hosts.map(({ id }) => id.name)).size).toBe(2)
  })
})

describe('two users with the same question [bar 88]', () => {
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
