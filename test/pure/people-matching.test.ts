import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readGroups, readUsers } from '../../src/people/graph-readers.ts'
import { requestsFor } from '../../src/people/graph-queries.ts'
import { prefixesOf, fold, readSearchText, type SearchText } from '../../src/people/query.ts'
import { matcherFor } from '../../src/people/matching.ts'
import { type Principal, searchIndexOf } from '../../src/people/principal.ts'
import { createDirectories } from '../sandbox/directory/generate.ts'
import { toGroup, toUser } from '../sandbox/graph/directory-objects.ts'
import { readFilterExpression } from '../sandbox/graph/filter-expression.ts'
import { isFound, passes } from '../sandbox/graph/matching.ts'
import { readSearchExpression } from '../sandbox/graph/search-expression.ts'

const SCOPE = { tenantId: 'tenant', showsFullProfiles: false }
const [contoso] = createDirectories({ seed: 7, people: 1500, groups: 120 })

function searchFor(text: string): SearchText {
  const search = readSearchText(text)
  if (search === null) throw new Error(`nothing to search for in ${JSON.stringify(text)}`)
  return search
}

/** Whether Graph finds an entity by Entrada's requests for a text. */
function graphFinds(list: 'users' | 'groups', search: SearchText): (entity: object) => boolean {
  const queries = requestsFor(list, search, SCOPE).map(({ path }) => {
    const parameters = new URL(path, 'https://graph.microsoft.com').searchParams
    const text = parameters.get('$search')
    const found = text === null ? null : readSearchExpression(text)
    if (found !== null) return (entity: object) => isFound(found, entity)
    const filter = readFilterExpression(parameters.get('$filter') ?? '')
    return (entity: object) => passes(filter, entity)
  })
  return (entity) => queries.some((query) => query(entity))
}

interface Known {
  readonly list: 'users' | 'groups'
  readonly entity: object
  readonly principal: Principal
}

const KNOWN: readonly Known[] = [
  ...(contoso?.people ?? [])
    .filter(({ accountEnabled }) => accountEnabled)
    .map((person) => toKnown('users', toUser(person))),
  ...(contoso?.groups ?? []).map((group) => toKnown('groups', toGroup(group))),
]

function toKnown(list: 'users' | 'groups', entity: object): Known {
  const read = list === 'users' ? readUsers : readGroups
  const [principal] = read({ value: [entity] })?.items ?? []
  if (principal === undefined) throw new Error(`unreadable: ${JSON.stringify(entity)}`)
  return { list, entity, principal }
}

/** Words of a principal's names and addresses, shortened, shuffled and in any case, as people type. */
const typedFor = fc
  .constantFrom(...KNOWN)
  .chain(({ principal }) => {
    const texts = [principal.name, principal.email, principal.username, ...principal.index.texts]
    const words = texts.flatMap((text) => (text === null ? [] : [text, ...text.split(/[\s.@'-]+/)]))
    return fc
      .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
      .chain((chosen) =>
        fc.tuple(fc.constant(chosen.join(' ')), fc.nat({ max: 30 }), fc.nat({ max: 2 })),
      )
  })
  .map(([text, length, letterCase]) => {
    const cut = [...text].slice(0, length + 2).join('')
    return [cut, cut.toLowerCase(), cut.toUpperCase()][letterCase] ?? cut
  })
  .map(readSearchText)
  .filter((search) => search !== null)

describe('the result for a prefix', () => {
  test('contains everything that Graph finds for the longer text', () => {
    fc.assert(
      fc.property(typedFor, (search) => {
        for (const list of ['users', 'groups'] as const) {
          const finds = graphFinds(list, search)
          const found = KNOWN.filter((known) => known.list === list && finds(known.entity))
          for (const prefix of prefixesOf(search)) {
            const isFoundByPrefix = graphFinds(list, prefix)
            for (const { entity, principal } of found.slice(0, 20)) {
              const context = `${principal.name}: ${search.text} → ${prefix.text}`
              expect(isFoundByPrefix(entity), context).toBe(true)
            }
          }
        }
      }),
      { numRuns: 80 },
    )
  }, 30_000)

  test('still contains everything that Graph finds after narrowing', () => {
    const missed = new Set<string>()
    fc.assert(
      fc.property(typedFor, (search) => {
        for (const list of ['users', 'groups'] as const) {
          const finds = graphFinds(list, search)
          const qualityOf = matcherFor(search)
          for (const { entity, principal } of KNOWN.filter((known) => known.list === list)) {
            if (finds(entity) && qualityOf(principal) === 0) {
              missed.add(`${search.text} → ${principal.name} <${principal.email}>`)
            }
          }
        }
      }),
      { numRuns: 120 },
    )
    expect([...missed]).toEqual([])
  }, 30_000)
})

describe('the folded form', () => {
  test.each([
    ['Łukasz', 'lukasz'],
    ['Zoë', 'zoe'],
    ['Weiß', 'weiss'],
    ['Þóra Guðmundsdóttir', 'thora gudmundsdottir'],
    ['İpek Yılmaz', 'ipek yilmaz'],
    ['ΟΔΥΣΣΈΑΣ', 'οδυσσεασ'],
    ['Ђорђе', 'ђорђе'],
    ['Nguyễn', 'nguyen'],
  ])('of %s is %s', (text, plain) => {
    expect(fold(text)).toBe(plain)
  })
})

describe('the best match', () => {
  const named = (name: string, email: string | null = null): Principal => ({
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000001',
    type: 'user',
    name,
    email,
    username: null,
    description: null,
    index: searchIndexOf(name, [email]),
  })

  test.each([
    ['jo', named('Jo'), named('Jo Smith')],
    ['adele vance', named('Adele Vance'), named('Adele Vance-Okoro')],
    ['vance adele', named('Adele Vance'), named('Vance-Adeleson Kim')],
    ['müller', named('Müller'), named('Muller')],
    ['müller', named('Müller, Jan'), named('Muller, Jan')],
    ['van', named('Vance Adele'), named('Adele Vance')],
    ['bowen', named('Megan Bowen'), named('Kim Lee', 'bowen.kim@contoso.example')],
    [
      'kim@contoso.example',
      named('Kim', 'kim@contoso.example'),
      named('Kim', 'kim@contoso.example.org'),
    ],
    ['山田', named('山田 太郎'), named('小山田 花子', '山田.花子@contoso.example')],
  ])('for %s comes first', (text, better, worse) => {
    const qualityOf = matcherFor(searchFor(text))
    expect(qualityOf(better)).toBeGreaterThan(qualityOf(worse))
  })

  test('is none for a name that only sounds alike', () => {
    expect(matcherFor(searchFor('jonh'))(named('John Smith'))).toBe(0)
  })
})
