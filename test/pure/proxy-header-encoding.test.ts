import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHeaderValue } from '../../src/proxy/identity-headers.ts'

/** One line of printable ASCII, which `new Headers()` and every server accept. */
const ONE_LINE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

test.each([
  ['a plain name', 'Adele Vance', 'Adele Vance'],
  ['an address', 'adele@contoso.example', 'adele@contoso.example'],
  ['letters beyond ASCII', 'Ünal', '%C3%9Cnal'],
  ['a percent sign, so that decoding is exact', '100%41', '100%2541'],
  [
    'a name that tries to add a header',
    'Ünal, "Ops"\r\nX: y',
    '%C3%9Cnal%2C%20%22Ops%22%0D%0AX%3A%20y',
  ],
  ['a line break in plain text', 'a\r\nX-Forwarded-User: b', 'a%0D%0AX-Forwarded-User%3A%20b'],
  ['spaces at the ends', ' admin', '%20admin'],
  ['half a surrogate pair', 'a\ud800', 'a%EF%BF%BD'],
  ['nothing', '', null],
])('percent: %s [requirement 65]', (_situation, text, encoded) => {
  expect(encodeHeaderValue(text, 'percent')).toBe(encoded)
})

test.each([
  ['a comma', ['Sales, EMEA', 'Ops'], 'Sales%2C%20EMEA,Ops'],
  ['quotes', ['"Ops', 'Dev"'], '%22Ops,Dev%22'],
  ['a semicolon', ['a;b'], 'a%3Bb'],
  ['a backslash', ['a\\'], 'a%5C'],
  ['a line break', ['a\nb'], 'a%0Ab'],
  ['a space in front', [' admins'], '%20admins'],
  ['an empty one', ['', 'a'], 'a'],
])(
  'percent: %s in a group name cannot add or join groups [requirement 65]',
  (_situation, groups, encoded) => {
    expect(encodeHeaderValue(groups, 'percent')).toBe(encoded)
  },
)

test('an empty list gives no header', () => {
  expect(encodeHeaderValue([], 'percent')).toBeNull()
  expect(encodeHeaderValue(null, 'percent')).toBeNull()
})

test.each([
  ['marks', 'Zoë Ångström-Čapek', 'Zoe Angstrom-Capek'],
  ['letters without a base', 'Straße Łódź Ærø Þór', 'Strasse Lodz AEro Thor'],
  ['other scripts', '山田 太郎', '?? ??'],
  ['line breaks', 'a\r\nb', 'a  b'],
])('ascii: %s become ASCII letters', (_situation, text, folded) => {
  expect(encodeHeaderValue(text, 'ascii')).toBe(folded)
})

test('ascii: a character that becomes a comma does not add a group [requirement 65]', () => {
  expect(encodeHeaderValue(['Sales，EMEA', 'a,b'], 'ascii')).toBe('Sales EMEA,a b')
})

test('base64: the UTF-8 bytes, item by item', () => {
  expect(encodeHeaderValue('Ünal', 'base64')).toBe('w5xuYWw=')
  expect(encodeHeaderValue(['a,b', 'c'], 'base64')).toBe('YSxi,Yw==')
})

test('percent: any text decodes to itself and stays on one line [requirement 65]', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const encoded = encodeHeaderValue(text, 'percent') ?? ''
      expect(encoded).toMatch(ONE_LINE)
      expect(decodeURIComponent(encoded)).toBe(text)
    }),
  )
})

test.each(['percent', 'base64', 'ascii'] as const)(
  '%s: a list keeps its number of items whatever they hold [requirement 65]',
  (encoding) => {
    const item = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `x${text}`)
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 5 }), (items) => {
        const encoded = encodeHeaderValue(items, encoding) ?? ''
        expect(encoded).toMatch(ONE_LINE)
        expect(encoded.split(',')).toHaveLength(items.length)
      }),
    )
  },
)
