import { expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../../sandbox/drives/cast-files.ts'
import { anEntrada } from '../../support/entrada.ts'

/** Every endpoint that a page can read, except the picker's token. */
const PATHS = [
  '/',
  '/echo',
  '/whoami',
  '/.entrada/session',
  '/.entrada/sessions',
  '/.entrada/people?q=megan',
  `/.entrada/people/${CAST.megan.id}/photo`,
  '/.entrada/picker?channel=abc',
  '/.entrada/jwks.json',
  '/.entrada/kit.js',
  '/.entrada/health',
  '/.entrada/ready',
  '/.entrada/unknown',
]

test('no response and no cookie of a whole visit contains a token that a page can read [requirement 35]', async () => {
  const entrada = anEntrada()
  const { sandbox } = entrada
  sandbox.entra.grantAdminConsent([
    'User.Read',
    'People.Read',
    'User.ReadBasic.All',
    'GroupMember.Read.All',
    'Files.Read.All',
    'Sites.Read.All',
  ])
  sandbox.entra.grantAdminConsent(['AllSites.Read', 'MyFiles.Read'], sandbox.hosts.sharePoint)
  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName)
  const drive = sandbox.drives.oneDriveOf(CAST.adele.id) ?? expect.unreachable()
  const file = sandbox.drives.at(drive, ADELE_FILES.text)
  const seen = [
    page.text,
    ...page.hops.flatMap(({ url, headers }) => [url.href, ...[...headers].flat()]),
  ]
  for (const path of [
    ...PATHS,
    `/.entrada/files/${drive.id}/${file.id}`,
    `/.entrada/files/${drive.id}/${file.id}/content`,
  ]) {
    const response = await browser.fetch(path)
    seen.push(...[...response.headers].flat(), await response.text())
  }
  const broker = (resource: string) =>
    browser.fetch('/.entrada/picker/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resource }),
    })
  for (const resource of [sandbox.hosts.graph, 'graph', sandbox.hosts.login]) {
    seen.push(await (await broker(resource)).text())
  }
  const { refreshTokens, idTokens } = sandbox.entra.minted
  const tokens = [...refreshTokens, ...idTokens, ...sandbox.accessTokens.minted]
  expect(tokens.length).toBeGreaterThan(4)
  const text = [...seen, ...browser.cookies.all.map(({ value }) => value)].join('\n')
  expect(tokens.filter((token) => text.includes(token))).toEqual([])

  // The one exception is a token for a SharePoint host of the user's tenant, valid only there.
  const { token } = await (await broker(sandbox.hosts.oneDrive)).json<{ token: string }>()
  expect(sandbox.accessTokens.find(token)).toMatchObject({ audience: sandbox.hosts.oneDrive })
})
