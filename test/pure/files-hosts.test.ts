import { describe, expect, test } from 'vitest'
import {
  readDownloadUrl,
  readSharePointOrigin,
  sharePointOriginOf,
  siblingsOf,
} from '../../src/files/sharepoint-hosts.ts'
import { readDriveItemAddress } from '../../src/graph/drive-item-address.ts'
import { CLOUDS } from '../../src/settings/clouds.ts'
import type { MicrosoftSettings } from '../../src/settings/issuer.ts'
import { HOSTILE_IDS, HOSTILE_REDIRECTS, HOSTILE_RESOURCES } from '../app/files/hostile-fixture.ts'

function microsoft(name: string, extraOrigins: readonly string[] = []): MicrosoftSettings {
  const cloud = CLOUDS.find((one) => one.name === name)
  if (cloud === undefined) throw new Error(`no cloud ${name}`)
  return { cloud, graph: cloud.graph, extraOrigins, hasRelevantPeople: cloud.hasRelevantPeople }
}

const GLOBAL = microsoft('global')

describe('a download URL', () => {
  test.each(HOSTILE_REDIRECTS)('refuses %j [requirement 89]', (text) => {
    expect(readDownloadUrl(text, GLOBAL)).toBeNull()
  })

  test.each([
    'https://contoso.sharepoint.com/_layouts/15/download.aspx?UniqueId=1&tempauth=v1.x',
    'https://contoso-my.sharepoint.com/personal/x/_layouts/15/download.aspx',
    'https://contoso-files.sharepoint.com/x',
    'https://CONTOSO.sharepoint.com/x',
    'https://northeurope1-mediap.svc.ms/transform',
    'https://abc123.files.1drv.com/y4m',
    'https://my.microsoftpersonalcontent.com/personal/x',
    'https://public.storage.live.com/x',
  ])('accepts %s', (text) => {
    expect(readDownloadUrl(text, GLOBAL)?.href).toBe(new URL(text).href)
  })

  test('is accepted in its own cloud only', () => {
    for (const { name, sharePointSuffixes } of CLOUDS) {
      for (const other of CLOUDS) {
        const url = `https://contoso${sharePointSuffixes[0]}/x`
        const isOwn = other.sharePointSuffixes.includes(sharePointSuffixes[0] ?? '')
        expect(readDownloadUrl(url, microsoft(other.name)) !== null, `${name} ${other.name}`).toBe(
          isOwn,
        )
      }
    }
  })

  test('is accepted on an origin that the operator has named, and on no similar one', () => {
    const local = { ...GLOBAL, cloud: null, extraOrigins: ['http://127.0.0.1:4106'] }
    expect(readDownloadUrl('http://127.0.0.1:4106/x', local)?.pathname).toBe('/x')
    for (const text of [
      'http://127.0.0.1:4107/x',
      'https://127.0.0.1:4106/x',
      'http://localhost:4106/x',
      'http://127.1:4106/x',
      'http://a@127.0.0.1:4106/x',
      'https://contoso.sharepoint.com/x',
    ]) {
      expect(readDownloadUrl(text, local), text).toBeNull()
    }
  })

  test('of a second redirect may be relative to the first', () => {
    const base = new URL('https://contoso.sharepoint.com/a/b?x')
    expect(readDownloadUrl('/c', GLOBAL, base)?.href).toBe('https://contoso.sharepoint.com/c')
    expect(readDownloadUrl('c?d', GLOBAL, base)?.href).toBe('https://contoso.sharepoint.com/a/c?d')
    expect(readDownloadUrl('//evil.example/c', GLOBAL, base)).toBeNull()
    expect(readDownloadUrl('\\\\evil.example\\c', GLOBAL, base)).toBeNull()
  })
})

describe('a SharePoint host', () => {
  const strange = HOSTILE_RESOURCES.flatMap((one) => (typeof one === 'string' ? [one] : []))
  const wellFormed = new Set([
    'https://fabrikam.sharepoint.com',
    'https://fabrikam-my.sharepoint.com',
    'https://contoso-admin.sharepoint.com',
  ])

  test.each(strange.filter((one) => !wellFormed.has(one)))('is not %j [requirement 89]', (text) => {
    expect(readSharePointOrigin(text, GLOBAL)).toBeNull()
  })

  test.each([
    ['https://contoso.sharepoint.com', 'https://contoso.sharepoint.com'],
    ['https://contoso-my.sharepoint.com/', 'https://contoso-my.sharepoint.com'],
    ['https://contosoEUR-my.sharepoint.com', 'https://contosoeur-my.sharepoint.com'],
  ])('is %s', (text, origin) => {
    expect(readSharePointOrigin(text, GLOBAL)).toBe(origin)
  })

  test('is not a download host of OneDrive', () => {
    expect(readSharePointOrigin('https://x.svc.ms', GLOBAL)).toBeNull()
  })

  test('is read from the URL of a site', () => {
    const url = new URL('https://contoso.sharepoint.com/sites/Marketing')
    expect(sharePointOriginOf(url, GLOBAL)).toBe('https://contoso.sharepoint.com')
  })

  test.each([
    ['https://contoso.sharepoint.com/sites/x', 'https://contoso-my.sharepoint.com'],
    ['https://contoso-my.sharepoint.com/personal/x', 'https://contoso.sharepoint.com'],
    ['https://contosoeur.sharepoint.com/', 'https://contosoeur-my.sharepoint.com'],
  ])('%s has a sibling %s', (webUrl, sibling) => {
    expect(siblingsOf(webUrl, GLOBAL)).toEqual([new URL(webUrl).origin, sibling])
  })

  test('that the operator has named has no sibling', () => {
    const local = { ...GLOBAL, cloud: null, extraOrigins: ['http://127.0.0.1:4105'] }
    expect(siblingsOf('http://127.0.0.1:4105/personal/x', local)).toEqual(['http://127.0.0.1:4105'])
    expect(siblingsOf('https://evil.example/', GLOBAL)).toEqual([])
  })
})

describe('the id of a file', () => {
  const drive = 'b!-RIj2DuyvEyV1T4NlOaMHk8XkS_I8MdFlUCq1BlcjgmhRfAj3-Z8RY2VpuvV_tpd'
  const item = '01CYZLFJGUJ7JHBSZDFZFL25KSZGQTVAUN'

  test.each([
    [drive, item],
    ['d4648f06c91d9d3d', 'D4648F06C91D9D3D!54927'],
    ['D4648F06C91D9D3D', 'D4648F06C91D9D3D!s1b2c3d4e5f60718293a4b5c6d7e8f901'],
  ])('may be %s %s', (driveId, itemId) => {
    expect(readDriveItemAddress(driveId, itemId)).toEqual({ driveId, itemId })
  })

  test.each(HOSTILE_IDS)('is not %j [requirement 89]', (text) => {
    for (const id of [text, decoded(text)]) {
      expect(readDriveItemAddress(id, item)).toBeNull()
      expect(readDriveItemAddress(drive, id)).toBeNull()
    }
  })

  test('must be a string', () => {
    for (const id of [null, undefined, 7, [drive], { toString: () => drive }]) {
      expect(readDriveItemAddress(id, item)).toBeNull()
      expect(readDriveItemAddress(drive, id)).toBeNull()
    }
  })
})

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
