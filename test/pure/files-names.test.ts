import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attachmentNamed,
  safeFileName,
  safeMediaType,
  UniqueNames,
  withExtension,
} from '../../src/files/file-name.ts'
import { multipartFrame } from '../../src/files/multipart.ts'

describe('a file name', () => {
  test.each([
    ['report.docx', 'report.docx'],
    ['a/b\\c:d*e?f"g<h>i|j.txt', 'a_b_c_d_e_f_g_h_i_j.txt'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['..%2f..%2fclimb', '___.._climb'],
    ['%5Cx%00y', '_x_y'],
    ['.htaccess', '_htaccess'],
    ['  spaced  ', '__spaced'],
    ['dots...', 'dots'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['lpt1.', '_lpt1'],
    ['console.log', 'console.log'],
    ['COM¹', '_COM¹'],
    ['com².txt', '_com².txt'],
    ['LPT³', '_LPT³'],
    ['COM0', '_COM0'],
    ['CONIN$', '_CONIN$'],
    ['conout$.log', '_conout$.log'],
    ['CLOCK$', '_CLOCK$'],
    ['con .txt', '_con .txt'],
    ['aux  . x', '_aux  . x'],
    ['con\u00a0.txt', '_con\u00a0.txt'],
    ['com¹²', 'com¹²'],
    ['conin', 'conin'],
    ['con x.txt', 'con x.txt'],
    [`${'a'.repeat(199)}. tail`, 'a'.repeat(199)],
    [`${'a'.repeat(190)}.......... . .....${'b'.repeat(40)}`, 'a'.repeat(190)],
    ['gpj.\u202Eexe.pdf', 'gpj._exe.pdf'],
    ['a\r\nSet-Cookie: x', 'a__Set-Cookie_ x'],
    ['a\u0000b', 'a_b'],
    ['', 'file'],
    ['...', '___'],
    ['\ud800x', '\ufffdx'],
    ['e\u0301.txt', '\u00e9.txt'],
  ])('%j becomes %j', (name, safe) => {
    expect(safeFileName(name)).toBe(safe)
  })

  test('that is too long keeps its extension and whole characters', () => {
    const safe = safeFileName(`${'ü🎉'.repeat(200)}.pptx`)
    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200)
    expect(safe).toMatch(/^(?:ü🎉)+ü?\.pptx$/u)
  })

  test('never escapes from a path or header [requirement 91]', () => {
    const names = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('con', 'nul', 'com1', 'com¹', ' ', '.'), maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', '.', ' '), minLength: 190, maxLength: 230 }),
      fc.string({
        unit: fc.constantFrom('.', '/', '\\', '"', '%', '2', 'f', '\r', '\n', ';', '\u202e', 'ü'),
      }),
    )
    fc.assert(
      fc.property(names, (name) => {
        const safe = safeFileName(name)
        expect(safe).not.toMatch(/[/\\:"<>|?*\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
        expect(safe).not.toMatch(/^\.|^$|\.$|\s$/)
        expect(safe).not.toMatch(/^(?:con|nul|com[1¹])\s*(?:\.|$)/i)
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200)
        const header = attachmentNamed(name)
        expect(header).toMatch(
          /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9%._~-]*$/,
        )
        expect(header.split('"')).toHaveLength(3)
        expect(decodeURIComponent(header.split("UTF-8''")[1] ?? '')).toBe(safe)
        expect(() => new Headers({ 'content-disposition': header })).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  test('of a conversion changes only in its extension', () => {
    expect(withExtension('a.b.docx', 'pdf')).toBe('a.b.pdf')
    expect(withExtension('README', 'pdf')).toBe('README.pdf')
  })

  test('is unique in an archive', () => {
    const names = new UniqueNames(['not-included.json'])
    const taken = [
      'a.txt',
      'A.TXT',
      'a.txt',
      'a (2).txt',
      '.x',
      '_x',
      'not-included.json',
      'é',
      'é',
    ]
    const unique = taken.map((name) => names.take(name))
    expect(new Set(unique.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(
      taken.length,
    )
    expect(unique.slice(0, 3)).toEqual(['a.txt', 'A (2).TXT', 'a (3).txt'])
  })
})

test.each([
  ['text/plain; charset=utf-8', 'text/plain'],
  ['IMAGE/PNG', 'image/png'],
  ['text/html', 'application/octet-stream'],
  ['image/svg+xml', 'application/octet-stream'],
  ['application/xhtml+xml', 'application/octet-stream'],
  ['application/javascript', 'application/octet-stream'],
  ['text/xml', 'application/octet-stream'],
  ['application/pdf\r\nx: y', 'application/octet-stream'],
  ['application/pdf, text/html', 'application/octet-stream'],
  ['', 'application/octet-stream'],
  [null, 'application/octet-stream'],
])('the type %j is served as %s [requirement 91]', (given, served) => {
  expect(safeMediaType(given)).toBe(served)
})

test('a multipart form with any names and values is parsed to the same form', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(text, text, async (value, name) => {
      const file = { field: 'file', name: safeFileName(name), type: 'text/plain' }
      const { head, tail, contentType } = multipartFrame({ note: value }, file)
      const body = Buffer.concat([head, Buffer.from('the bytes'), tail])
      const headers = { 'content-type': contentType }
      const form = await new Response(body, { headers }).formData()
      const found = form.get('file')
      expect(form.get('note')).toBe(value)
      expect(typeof found === 'string' || found === null ? found : found.name).toBe(file.name)
      expect(typeof found === 'string' || found === null ? found : await found.text()).toBe(
        'the bytes',
      )
    }),
    { numRuns: 300 },
  )
})
