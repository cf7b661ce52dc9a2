import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings } from '../../src/settings/settings.ts'

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

const REQUIRED = {
  DOMAIN_SERVER: 'https://chat.contoso.example',
  OPENID_ISSUER: 'https://login.microsoftonline.com/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
  OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
  OPENID_CLIENT_SECRET: 'a-client-secret',
  OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
}

/** Rows whose default is a number or a literal. Words in a cell are an explanation and cannot be set. */
function defaultsInReadme(): readonly (readonly [name: string, value: string])[] {
  return README.split('\n').flatMap((line) => {
    const [, name = '', cell = ''] = /^\| `([A-Z][A-Z_]+)` \| ([^|]+?) \|/.exec(line) ?? []
    if (!/^(?:\d+|(?:`[^`{]+`|`\{"[^`]+`)(?: `[^`]+`)*)$/.test(cell)) return []
    return [[name, cell.replaceAll('`', '')] as const]
  })
}

const DEFAULTS = defaultsInReadme()

test('README states more than 25 defaults that can be set', () => {
  expect(DEFAULTS.length).toBeGreaterThan(25)
})

test.each(DEFAULTS)(
  'setting %s to the default that README states, %s, changes nothing',
  (name, value) => {
    const [unset, set] = [readSettings(REQUIRED), readSettings({ ...REQUIRED, [name]: value })]
    expect(unset.ok).toBe(true)
    expect(set).toEqual(unset)
  },
)
