import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requestsFor, prefixRequest } from '../../src/people/graph-queries.ts'
import { readSearchText, type SearchText } from '../../src/people/query.ts'
import { readFilterExpression, type FilterExpression } from '../sandbox/graph/filter-expression.ts'
import {
  readSearchExpression,
  readSearchPhrase,
  type SearchExpression,
} from '../sandbox/graph/search-expression.ts'

const SCOPE = { tenantId: 'tenant', showsFullProfiles: false }
const PARTS = ['people', 'users', 'groups'] as const
const SEARCHED = {
  users: ['displayName', 'givenName', 'surname', 'mail', 'userPrincipalName'],
  groups: ['displayName', 'mail', 'mailNickname'],
}

/** What breaks out of quotes, clauses, parameters and paths elsewhere. */
const NASTY = [
  ...[
    '"',
    "'",
    "''",
    '\\',
    '\\"',
    '&',
    '%',
    '%22',
    '%26',
    '#',
    '+',
    '(',
    ')',
    ':',
    ';',
    '$',
    '?',
    '/',
    '..',
  ],
  ...[
    '" OR "mail:',
    '") OR ("',
    "' or accountEnabled eq false or startswith(mail,'",
    ' AND ',
    ' OR ',
    ' NOT ',
  ],
  ...[
    '&$top=999',
    '$search=',
    '\n',
    '\r\n',
    '\t',
    '\0',
    '\u001f',
    '\u202e',
    '\u2066',
    '\ufeff',
    '\u200d',
  ],
  ...[
    '\ud800',
    '\udc00',
    '😀',
    '👩‍👩‍👧',
    'Ünal',
    "O'Hara",
    'e\u0301',
    'محمد',
    'נועה',
    '王',
    '髙橋',
    'ﷺ',
    '½',
    '⒜',
    'ŉ',
  ],
] as const

const typed = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(...NASTY),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join(''))

const searched = typed.map(readSearchText).filter((search) => search !== null)

function parametersOf(path: string): {
  readonly path: string
  readonly parameters: URLSearchParams
} {
  const url = new URL(path, 'https://graph.microsoft.com')
  expect(url.origin).toBe('https://graph.microsoft.com')
  expect(url.hash).toBe('')
  return { path: url.pathname, parameters: url.searchParams }
}

function clausesOf(search: SearchExpression): readonly { property: string; text: string }[] {
  if (search.kind === 'clause') return [search]
  expect(search.kind).toBe('or')
  return [...clausesOf(search.left), ...clausesOf(search.right)]
}

function callsOf(filter: FilterExpression): readonly { property: string; text: string }[] {
  if (filter.kind === 'startswith') return [filter]
  if (filter.kind !== 'or') throw new Error(`a ${filter.kind} got in`)
  return [...callsOf(filter.left), ...callsOf(filter.right)]
}

describe('whatever is typed [requirement 87]', () => {
  test('becomes one collection, asked with parameters of ours alone', () => {
    fc.assert(
      fc.property(searched, fc.constantFrom(...PARTS), (search, part) => {
        for (const request of requestsFor(part, search, SCOPE)) {
          const { path, parameters } = parametersOf(request.path)
          expect(path).toBe(part === 'people' ? '/me/people' : `/${part}`)
          const names = [...parameters.keys()]
          expect(new Set(names).size).toBe(names.length)
          const query = names.includes('$search') ? ['$search'] : ['$filter', '$count']
          expect(names).toEqual([...query, '$select', '$top'])
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('stays inside the quotes of $search, on the properties meant', () => {
    fc.assert(
      fc.property(searched, fc.constantFrom('users', 'groups'), (search, part) => {
        for (const request of requestsFor(part, search, SCOPE)) {
          const query = parametersOf(request.path).parameters.get('$search')
          if (query === null) continue
          for (const clause of clausesOf(readSearchExpression(query))) {
            expect(SEARCHED[part]).toContain(clause.property)
            const text = clause.text.replaceAll(/\u200c|\u200d/g, '')
            expect(text).toMatch(/^[\p{L}\p{M}\p{N} '’._@-]*$/u)
          }
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('stays inside the quotes of $filter, letter for letter', () => {
    fc.assert(
      fc.property(searched, fc.constantFrom('users', 'groups'), (search, part) => {
        const text = parametersOf(prefixRequest(part, search, SCOPE).path).parameters.get('$filter')
        const calls = callsOf(readFilterExpression(text ?? ''))
        expect(calls.map(({ property }) => property)).toEqual(SEARCHED[part])
        for (const call of calls) expect(call.text).toBe(search.text)
      }),
      { numRuns: 1500 },
    )
  })

  test('is one phrase to the people engine', () => {
    fc.assert(
      fc.property(searched, (search) => {
        for (const request of requestsFor('people', search, SCOPE)) {
          const text = parametersOf(request.path).parameters.get('$search') ?? ''
          expect(readSearchPhrase(text)).toBe(search.spelled)
        }
      }),
      { numRuns: 1500 },
    )
  })
})

describe('a search', () => {
  const formsOf = (text: string): readonly string[] => {
    const search = readSearchText(text)
    if (search === null) throw new Error(`nothing to search for in ${text}`)
    return requestsFor('users', search, SCOPE).map(({ id }) => id)
  }

  test.each([
    ['a name', 'Adele Vance', ['users']],
    ['a name with an apostrophe', "O'Hara", ['users']],
    ['an address', 'adele.vance@contoso.example', ['users']],
    ['an address with a plus', 'jo+sales@contoso.example', ['users', 'users-prefix']],
    ['one word with a symbol', 'R&D', ['users', 'users-prefix']],
    ['a guest’s principal name', 'gustav_fabrikam.example#EXT#', ['users', 'users-prefix']],
    ['several words with symbols', 'Müller & Söhne', ['users']],
    ['symbols alone', '++', ['users-prefix']],
    ['an emoji and nothing to search by', '😀😀', ['users-prefix']],
  ])('for %s goes by $search where it can and by startswith where it must', (_what, text, ids) => {
    expect(formsOf(text)).toEqual(ids)
  })

  test('asks the basics only, and profiles where the token shows them', () => {
    const search = readSearchText('adele') as SearchText
    const selectOf = (showsFullProfiles: boolean) =>
      requestsFor('users', search, { ...SCOPE, showsFullProfiles }).map(({ path }) =>
        parametersOf(path).parameters.get('$select'),
      )
    expect(selectOf(false)).toEqual(['id,displayName,givenName,surname,mail,userPrincipalName'])
    expect(selectOf(true)).toEqual([
      'id,displayName,givenName,surname,mail,userPrincipalName,jobTitle,accountEnabled',
    ])
  })
})

describe('what is typed', () => {
  test.each([
    ['one letter', 'a'],
    ['one letter in spaces', '  a  '],
    ['one letter of two code units', '😀'],
    ['nothing visible', '\u202e\u0000\u200b\ufeff'],
    ['more than a hundred characters', 'a'.repeat(101)],
  ])('is nothing to search for: %s', (_what, text) => {
    expect(readSearchText(text)).toBeNull()
  })

  test('is composed, stripped of controls and squeezed', () => {
    expect(readSearchText(' Zoe\u0308 \u202e\t  Vance\u0000 ')).toMatchObject({
      text: 'Zoë Vance',
      key: 'zoë vance',
    })
  })

  test('keeps the joiners that Persian and Indic names are written with', () => {
    expect(readSearchText('می\u200cخواهم')?.words).toBe('می\u200cخواهم')
  })
})
