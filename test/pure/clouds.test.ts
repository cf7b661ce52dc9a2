import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSharePointOrigin } from '../../src/files/sharepoint-hosts.ts'
import { CLOUDS } from '../../src/settings/clouds.ts'
import { readSettings, type Settings } from '../../src/settings/settings.ts'

const SOURCES = join(import.meta.dirname, '..', '..', 'src')
const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'

function settingsFor(values: Readonly<Record<string, string>>): Settings {
  const result = readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'secret',
    OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
    ...values,
  })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.settings
}

function problemsFor(values: Readonly<Record<string, string>>): readonly string[] {
  const result = readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'secret',
    OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
    ...values,
  })
  return result.ok ? [] : result.problems.map(({ setting }) => setting)
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}

/** Removes comments, which may contain examples of hosts. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<=^|\s)\/\/.*$/gm, '')
}

const MICROSOFT_HOST =
  /microsoftonline|login\.microsoft|windows\.net|graph\.microsoft|dod-graph|sharepoint\.(?:com|us|cn)|sharepoint-mil|dps\.mil|chinacloudapi|sovcloud|svc\.ms|1drv|personalcontent|storage\.live/i

test('only the table of clouds names Microsoft hosts', () => {
  const strays = sourceFiles(SOURCES).flatMap((path) => {
    if (path.endsWith(join('settings', 'clouds.ts'))) return []
    const found = MICROSOFT_HOST.exec(withoutComments(readFileSync(path, 'utf8')))
    return found === null ? [] : [`${path}: ${found[0]}`]
  })
  expect(strays).toEqual([])
  expect(MICROSOFT_HOST.test(readFileSync(join(SOURCES, 'settings', 'clouds.ts'), 'utf8'))).toBe(
    true,
  )
})

/** Issuer → Graph and SharePoint of its cloud. Two clouds share a host, and the Graph URL distinguishes them. */
const TABLE = [
  ['login.microsoftonline.com', undefined, 'https://graph.microsoft.com', ['contoso.sharepoint.com', 'contoso-my.sharepoint.com'], true],
  ['login.microsoft.com', undefined, 'https://graph.microsoft.com', ['contoso.sharepoint.com'], true],
  ['login.microsoftonline.us', undefined, 'https://graph.microsoft.us', ['contoso.sharepoint.us'], true],
  ['login.microsoftonline.us', 'https://graph.microsoft.us', 'https://graph.microsoft.us', ['contoso-my.sharepoint.us'], true],
  ['login.microsoftonline.us', 'https://dod-graph.microsoft.us', 'https://dod-graph.microsoft.us', ['contoso.sharepoint-mil.us', 'contoso.dps.mil'], true],
  ['login.partner.microsoftonline.cn', undefined, 'https://microsoftgraph.chinacloudapi.cn', ['contoso.sharepoint.cn'], false],
  ['login.chinacloudapi.cn', undefined, 'https://microsoftgraph.chinacloudapi.cn', ['contoso.sharepoint.cn'], false],
  ['login.sovcloud-identity.fr', undefined, 'https://graph.svc.sovcloud.fr', ['contoso.sovcloud-sharepoint.fr'], true],
  ['login.sovcloud-identity.de', undefined, 'https://graph.svc.sovcloud.de', ['contoso.sovcloud-sharepoint.de'], true],
] as const // prettier-ignore

describe.each(TABLE)(
  'the issuer of %s with Graph %s',
  (login, graphUrl, graph, hosts, hasPeople) => {
    const settings = settingsFor({
      OPENID_ISSUER: `https://${login}/${TENANT}/v2.0`,
      ...(graphUrl === undefined ? {} : { MICROSOFT_GRAPH_URL: graphUrl }),
    })
    const { microsoft } = settings.issuer

    test(`asks ${graph}`, () => {
      expect(microsoft?.graph).toBe(graph)
    })

    test('accepts SharePoint hosts of its own cloud only', () => {
      if (microsoft === null) throw new Error('not a cloud')
      for (const host of hosts) {
        expect(readSharePointOrigin(`https://${host}`, microsoft)).toBe(`https://${host}`)
      }
      const { cloud } = microsoft
      const foreign = CLOUDS.filter((other) => other !== cloud).flatMap((other) =>
        other.sharePointSuffixes.map((suffix) => `https://contoso${suffix}`),
      )
      expect(foreign.length).toBeGreaterThan(4)
      for (const origin of foreign) expect(readSharePointOrigin(origin, microsoft)).toBeNull()
    })

    test(`has ${hasPeople ? '' : 'no '}relevant people`, () => {
      expect(microsoft?.hasRelevantPeople).toBe(hasPeople)
    })
  },
)

test('every cloud of the table has an issuer', () => {
  const reached = TABLE.map(
    ([login, graph]) =>
      settingsFor({
        OPENID_ISSUER: `https://${login}/${TENANT}/v2.0`,
        ...(graph === undefined ? {} : { MICROSOFT_GRAPH_URL: graph }),
      }).issuer.microsoft?.cloud?.name,
  )
  expect(new Set(reached)).toEqual(new Set(CLOUDS.map(({ name }) => name)))
})

test.each(
  CLOUDS.flatMap((cloud) =>
    CLOUDS.filter((other) => !other.loginHosts.some((host) => cloud.loginHosts.includes(host))).map(
      (other) => [cloud.name, other.name, cloud, other] as const,
    ),
  ),
)('an issuer of %s with the Graph of %s is reported', (_one, _other, cloud, other) => {
  const OPENID_ISSUER = `https://${cloud.loginHosts[0]}/${TENANT}/v2.0`
  expect(problemsFor({ OPENID_ISSUER, MICROSOFT_GRAPH_URL: other.graph })).toContain(
    'MICROSOFT_GRAPH_URL',
  )
})

test('an issuer that belongs to no cloud has no Microsoft features', () => {
  expect(settingsFor({ OPENID_ISSUER: 'https://op.example/realms/a' }).issuer.microsoft).toBeNull()
})
