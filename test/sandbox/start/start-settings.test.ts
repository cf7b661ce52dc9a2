import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../hosts.ts'
import { DEFAULT_REGISTRATION } from '../registration.ts'
import { readOverrides, startSettings, wantedPort } from './start-settings.ts'

const SURROUNDINGS = {
  hosts: MICROSOFT_HOSTS,
  registration: DEFAULT_REGISTRATION,
  publicOrigin: 'http://localhost:8787',
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrada-start-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('without settings it is the sandbox tenant with every feature on', () => {
  expect(startSettings(SURROUNDINGS, readOverrides(folder, {}))).toMatchObject({
    DOMAIN_SERVER: 'http://localhost:8787',
    ORIGIN_URL: MICROSOFT_HOSTS.chat,
    OPENID_CLIENT_ID: DEFAULT_REGISTRATION.clientId,
    MICROSOFT_GRAPH_URL: MICROSOFT_HOSTS.graph,
    ENABLE_SHAREPOINT_FILEPICKER: 'true',
    USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'true',
  })
})

test('without kept tokens the features that need them are not asked for', () => {
  const settings = startSettings(SURROUNDINGS, { OPENID_REUSE_TOKENS: 'false' })
  expect(settings).not.toHaveProperty('ENABLE_SHAREPOINT_FILEPICKER')
  expect(settings).not.toHaveProperty('USE_ENTRA_ID_FOR_PEOPLE_SEARCH')
})

test('each start has a secret of its own, long enough for Entrada', () => {
  const [one, other] = [startSettings(SURROUNDINGS, {}), startSettings(SURROUNDINGS, {})]
  expect(one['OPENID_SESSION_SECRET']?.length).toBeGreaterThanOrEqual(32)
  expect(one['OPENID_SESSION_SECRET']).not.toBe(other['OPENID_SESSION_SECRET'])
})

test('.dev.vars is read, and the environment wins over it', () => {
  writeFileSync(
    join(folder, '.dev.vars'),
    'SHAREPOINT_MAX_FILES="3"\nSESSION_IDLE_SECONDS=60 # short\n',
  )
  const environment = { SESSION_IDLE_SECONDS: '120', HOME: '/home/someone' }
  expect(readOverrides(folder, environment)).toEqual({
    SHAREPOINT_MAX_FILES: '3',
    SESSION_IDLE_SECONDS: '120',
  })
})

test('of the environment only what is meant for Entrada is taken, typos included', () => {
  const typos = { OPENID_CLIENT_IDD: 'typo', ENTRA_X: '1', ALLOW_GUEST: 'false' }
  const environment = { SESSION_MANAGER: 'local/desktop', ...typos }
  expect(readOverrides(folder, environment)).toEqual(typos)
})

test('an empty value removes a default', () => {
  const overrides = readOverrides(folder, { OPENID_CLIENT_ID: '' })
  expect(startSettings(SURROUNDINGS, overrides)['OPENID_CLIENT_ID']).toBe('')
})

test('a tenant of your own is not mixed with the sandbox', () => {
  const own = {
    OPENID_ISSUER: 'https://login.microsoftonline.com/common/v2.0',
    OPENID_CLIENT_ID: 'own',
  }
  const settings = startSettings(SURROUNDINGS, own)
  expect(settings).toMatchObject(own)
  expect(settings).not.toHaveProperty('OPENID_CLIENT_SECRET')
  expect(settings).not.toHaveProperty('MICROSOFT_GRAPH_URL')
  expect(settings).not.toHaveProperty('SHAREPOINT_HOSTS')
})

test.each([
  ['http://localhost:9000', 9000],
  ['http://127.0.0.1:9001', 9001],
  ['http://localhost', null],
  ['https://chat.example.com:8443', null],
  ['not a URL', null],
])('DOMAIN_SERVER=%s asks for port %s', (address, port) => {
  expect(wantedPort({ DOMAIN_SERVER: address })).toBe(port)
})
