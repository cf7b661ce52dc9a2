import { describe, expect, test } from 'vitest'
import { isCurrent, readProofs, readRequirements } from '../security-requirements.ts'
import { MARKER, readCitations } from '../security-requirements/read-citations.ts'

const NUMBERS = readRequirements().map(({ number }) => number)
const PROOFS = readProofs()

/** A marker as in titles; composed here, because these strings are no titles. */
function cites(number: number | string): string {
  return `[${MARKER} ${number}]`
}

test('the security requirements are numbered from 1 to 100', () => {
  expect(NUMBERS).toEqual(Array.from({ length: 100 }, (_, position) => position + 1))
})

test('every security requirement has a test that proves it', () => {
  const cited = new Set(PROOFS.map(({ requirement }) => requirement))
  expect(NUMBERS.filter((number) => !cited.has(number))).toEqual([])
})

test('no test cites a security requirement that does not exist', () => {
  expect(PROOFS.filter(({ requirement }) => !NUMBERS.includes(requirement))).toEqual([])
})

test('docs/security-requirements.md is current: npm run security-requirements', async () => {
  expect(await isCurrent()).toBe(true)
})

describe('the citations of a test file', () => {
  test.each([
    ['a title', `test('a ${cites(3)}', () => {})`, 'a'],
    ['a template', `test(\`\${x} is a ${cites(3)}\`, () => {})`, '… is a'],
    ['a concatenation', `test('a ' + b + ' c ${cites(3)}', () => {})`, 'a … c'],
    ['a table', `test.each([1, 2])('line %i ${cites(3)}', () => {})`, 'line %i'],
    ['a tagged table', `test.each\`x\${1}\`('line ${cites(3)}', () => {})`, 'line'],
    ['a row', `test.each([['a ${cites(3)}', 1]])('is %s', () => {})`, 'is %s › a'],
    ['a constant', `const ROWS = [['a ${cites(3)}', 1]]`, 'a'],
    ['a key', `const ROWS = { 'a ${cites(3)}': 1 }`, 'a'],
    ['a group', `describe('a ${cites(3)}', () => { test('b', () => {}) })`, 'a'],
    ['a test in a group', `describe('a', () => { test('b ${cites(3)}', () => {}) })`, 'a › b'],
  ])('are found in %s', (_place, source, title) => {
    expect(readCitations(source)).toEqual([{ requirement: 3, title }])
  })

  test('are all those of a title', () => {
    const found = readCitations(`test('a ${cites(3)} ${cites(4)}', () => {})`)
    expect(found.map(({ requirement }) => requirement)).toEqual([3, 4])
  })

  test('are not found in comments', () => {
    expect(readCitations(`// ${cites(3)}\ntest('a', () => {})`)).toEqual([])
  })

  test.each(['3, 4', 'three', '03', ''])('with the number %j are refused', (number) => {
    expect(() => readCitations(`test('a ${cites(number)}', () => {})`)).toThrow('one number')
  })

  test('with a computed number are refused', () => {
    expect(() => readCitations(`test(\`a ${cites('${n}')}\`, () => {})`)).toThrow('one number')
  })
})
