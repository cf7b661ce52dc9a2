import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AUTHENTICATION_MUTATIONS } from '../mutants/authentication.ts'
import { DATA_MUTATIONS } from '../mutants/data.ts'
import { REQUEST_MUTATIONS } from '../mutants/requests.ts'
import { SESSION_MUTATIONS } from '../mutants/sessions.ts'
import { readRequirements } from '../security-requirements.ts'

const ROOT = join(import.meta.dirname, '../..')
const MUTATIONS = [
  ...AUTHENTICATION_MUTATIONS,
  ...SESSION_MUTATIONS,
  ...REQUEST_MUTATIONS,
  ...DATA_MUTATIONS,
]

describe('the mutations of npm run mutants', () => {
  test('cover every security requirement', () => {
    const covered = new Set(MUTATIONS.map(({ requirement }) => requirement))
    expect(readRequirements().filter(({ number }) => !covered.has(number))).toEqual([])
  })

  test('each change text that stands exactly once in its file', () => {
    const stale = MUTATIONS.filter(({ file, find }) => {
      const source = readFileSync(join(ROOT, file), 'utf8')
      return source.split(find).length !== 2
    })
    expect(stale.map(({ requirement, fault }) => `${requirement}: ${fault}`)).toEqual([])
  })

  test('each change something', () => {
    expect(MUTATIONS.filter(({ find, replace }) => find === replace)).toEqual([])
  })
})
