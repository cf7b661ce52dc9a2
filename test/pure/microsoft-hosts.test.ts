import { describe, expect, test } from 'vitest'
import { readDownloadUrl, readSharePointOrigin } from '../../src/files/sharepoint-hosts.ts'
import { readSettings } from '../../src/settings/settings.ts'

const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'

function read(values: Readonly<Record<string, string>>) {
  return readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_ISSUER: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'secret',
    OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
    SHAREPOINT_HOSTS: 'files.contoso.example',
    ...values,
  })
}

function clientWith(resource: string): string {
  return JSON.stringify([
    {
      client_id: 'chat',
      client_secret: 'x'.repeat(32),
      redirect_uris: ['https://chat.contoso.example/back'],
      resources: [resource],
    },
  ])
}

const configured = read({})
if (!configured.ok || configured.settings.issuer.microsoft === null) throw new Error('no cloud')
const { microsoft } = configured.settings.issuer

/** Origin, and whether it is a SharePoint host and a download host of the global cloud. */
const HOSTS = [
  ['https://contoso.sharepoint.com', true, true],
  ['https://contoso-my.sharepoint.com', true, true],
  ['https://contosoeur-my.sharepoint.com', true, true],
  ['https://files.contoso.example', true, true],
  ['https://northeurope1-mediap.svc.ms', false, true],
  ['https://public.storage.live.com', false, true],
  ['https://contoso.sharepoint.com:8443', false, false],
  ['http://contoso.sharepoint.com', false, false],
  ['https://xn--contso-hya.sharepoint.com', false, false],
  ['https://contoso.sharepoint.com.', false, false],
  ['https://contoso.sharepoint.com.evil.example', false, false],
  ['https://evilsharepoint.com', false, false],
  ['https://sharepoint.com', false, false],
  ['https://contoso.sharepoint.us', false, false],
  ['https://contoso.sharepoint.cn', false, false],
  ['https://other.contoso.example', false, false],
  ['https://user@contoso.sharepoint.com', false, false],
  ['https://192.168.1.1', false, false],
  ['http://localhost:8787', false, false],
  ['https://login.microsoftonline.com', false, false],
] as const

describe.each(HOSTS)('%s', (origin, isSharePoint, isDownload) => {
  test(`is ${isSharePoint ? 'a' : 'no'} SharePoint host for settings and for files [requirement 89]`, () => {
    expect(readSharePointOrigin(origin, microsoft)).toBe(isSharePoint ? origin : null)
    expect(read({ OIDC_CLIENTS: clientWith(origin) }).ok).toBe(isSharePoint)
    expect(read({ SHAREPOINT_BASE_URL: `${origin}/sites/Team` }).ok).toBe(isSharePoint)
    expect(read({ SHAREPOINT_PICKER_SHAREPOINT_SCOPE: `${origin}/AllSites.Read` }).ok).toBe(
      isSharePoint,
    )
  })

  test(`is ${isDownload ? 'a' : 'no'} download host`, () => {
    expect(readDownloadUrl(`${origin}/x`, microsoft) !== null).toBe(isDownload)
  })
})

test('Graph is a resource and no SharePoint host', () => {
  expect(read({ OIDC_CLIENTS: clientWith('https://graph.microsoft.com') }).ok).toBe(true)
  expect(readSharePointOrigin('https://graph.microsoft.com', microsoft)).toBeNull()
  expect(read({ SHAREPOINT_BASE_URL: 'https://graph.microsoft.com' }).ok).toBe(false)
})

test('a host of SHAREPOINT_HOSTS counts only where it is listed', () => {
  expect(
    read({ SHAREPOINT_HOSTS: '', SHAREPOINT_BASE_URL: 'https://files.contoso.example' }),
  ).toMatchObject({ ok: false, problems: [{ setting: 'SHAREPOINT_BASE_URL' }] })
})
