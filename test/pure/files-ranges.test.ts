import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  contentRangeHeader,
  rangeHeader,
  readByteRange,
  readContentRange,
} from '../../src/files/content-range.ts'
import { isUnchanged, readContentRequest } from '../../src/files/content-http.ts'

describe('Range', () => {
  test.each([
    ['bytes=0-0', { kind: 'from', start: 0, end: 0 }],
    ['bytes=5-', { kind: 'from', start: 5, end: null }],
    ['bytes=-5', { kind: 'last', length: 5 }],
    [' bytes=1-2 ', { kind: 'from', start: 1, end: 2 }],
    ['bytes=2-1', null],
    ['bytes=-', null],
    ['bytes=1-2,4-5', null],
    ['bytes= 1-2', null],
    ['bytes=1 -2', null],
    ['bytes=0x1-2', null],
    ['bytes=9999999999999999-', null],
    ['octets=1-2', null],
    ['', null],
    [null, null],
  ])('%j is read as %j', (header, range) => {
    expect(readByteRange(header)).toEqual(range)
  })

  test('is written in the form that was read', () => {
    const position = fc.integer({ min: 0, max: 2 ** 40 })
    fc.assert(
      fc.property(position, fc.option(position), (start, length) => {
        const end = length === null ? null : start + length
        const range = { kind: 'from', start, end } as const
        expect(readByteRange(rangeHeader(range))).toEqual(range)
      }),
    )
  })
})

describe('Content-Range', () => {
  test.each([
    ['bytes 0-9/10', { start: 0, end: 9, total: 10 }],
    ['bytes 5-5/*', { start: 5, end: 5, total: null }],
    ['bytes */10', null],
    ['bytes 9-0/10', null],
    ['bytes 0-9', null],
    ['0-9/10', null],
    ['bytes 0-9/10, bytes 11-12/13', null],
    [null, null],
  ])('%j is read as %j', (header, range) => {
    expect(readContentRange(header)).toEqual(range)
    if (range !== null) expect(contentRangeHeader(range)).toBe(header)
  })
})

describe('If-None-Match', () => {
  const tag = '"{A-1},2"'

  test.each([
    [tag, true],
    [`W/${tag}`, true],
    ['*', true],
    [`"x", ${tag}`, true],
    [`${tag},"x"`, true],
    ['"{A-1},3"', false],
    ['{A-1},2', false],
    ['"{A-1}","2"', false],
    ['', false],
    [null, false],
  ])('%j matches: %j', (header, matches) => {
    expect(isUnchanged(tag, header)).toBe(matches)
  })

  test('matches nothing without an entity tag', () => {
    expect(isUnchanged(null, '*')).toBe(false)
  })
})

test('reads a content request from method, query and headers', () => {
  const headers = { range: 'bytes=1-2', 'if-range': '"x"', 'if-none-match': '"y"' }
  const request = new Request('https://chat.example/x?format=pdf', { method: 'HEAD', headers })
  expect(readContentRequest(request)).toEqual({
    isHead: true,
    asPdf: true,
    range: { kind: 'from', start: 1, end: 2 },
    ifRange: '"x"',
    ifNoneMatch: '"y"',
  })
})
