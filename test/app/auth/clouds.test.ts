import { describe, expect, test } from 'vitest'
import { CLOUDS, type Cloud } from '../../../src/settings/clouds.ts'
import { CONTOSO } from '../../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const SCOPES = ['User.Read', 'People.Read', 'User.ReadBasic.All', 'Files.Read.All']

/** The sandbox under the names that Microsoft's hosts have in that cloud. */
function entradaIn(cloud: Cloud): Entrada {
  const [login = ''] = cloud.loginHosts
  const [suffix = ''] = cloud.sharePointSuffixes
  const hosts = {
    ...MICROSOFT_HOSTS,
    login: `https://${login}`,
    graph: cloud.graph,
    sharePoint: `https://contoso${suffix}`,
    oneDrive: `https://contoso-my${suffix}`,
    download: `https://contoso-files${suffix}`,
  }
  return anEntrada({
    sandbox: createSandbox({ hosts }),
    settings: {
      OPENID_ISSUER: `https://${login}/${CONTOSO}/v2.0`,
      // Two clouds of the US government share a sign-in host.
      ...(cloud.name === 'us-government-dod' ? { MICROSOFT_GRAPH_URL: cloud.graph } : {}),
    },
  })
}

interface PeopleAnswer {
  readonly results: readonly { readonly name: string }[]
  readonly status: Readonly<Record<string, string>>
}

describe.each(CLOUDS.map((cloud) => [cloud.name, cloud] as const))(
  'in the cloud %s',
  (_name, cloud) => {
    test('users sign in, find people and read files, on hosts of that cloud alone', async () => {
      const entrada = entradaIn(cloud)
      const { hosts, entra, journal } = entrada.sandbox
      entra.grantAdminConsent(SCOPES)
      entra.grantAdminConsent(['AllSites.Read', 'MyFiles.Read'], hosts.sharePoint)
      entra.grantAdminConsent(['AllSites.Read', 'MyFiles.Read'], hosts.oneDrive)
      const browser = await signedIn(entrada)

      const session = await browser.fetch('/.entrada/session')
      const { features } = await session.json<{ features: Record<string, string> }>()
      expect(features).toMatchObject({ people: 'on', files: 'on' })

      const people = await (await browser.fetch('/.entrada/people?q=megan')).json<PeopleAnswer>()
      expect(people.results.map(({ name }) => name)).toContain('Megan Bowen')
      expect(people.status['people']).toBe(cloud.hasRelevantPeople ? 'ok' : 'off')
      const relevant = journal.to('graph').filter(({ url }) => url.pathname.includes('/me/people'))
      expect(cloud.hasRelevantPeople || relevant.length === 0).toBe(true)

      const token = await browser.fetch('/.entrada/picker/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resource: hosts.oneDrive }),
      })
      expect(token.status).toBe(200)

      const scopes = journal.redemptions('refresh_token').map(({ form }) => form.get('scope') ?? '')
      for (const scope of scopes) {
        expect([hosts.graph, hosts.sharePoint, hosts.oneDrive]).toContain(
          new URL(scope.split(' ')[0] ?? '').origin,
        )
      }
      expect(journal.to('unknown')).toEqual([])
    })

    test('hosts of another cloud get no token', async () => {
      const entrada = entradaIn(cloud)
      const { hosts, entra } = entrada.sandbox
      entra.grantAdminConsent(SCOPES)
      entra.grantAdminConsent(['AllSites.Read'], hosts.sharePoint)
      const browser = await signedIn(entrada)
      for (const other of CLOUDS.filter((one) => one !== cloud)) {
        const resource = `https://contoso${other.sharePointSuffixes[0]}`
        const response = await browser.fetch('/.entrada/picker/token', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ resource }),
        })
        expect([resource, response.status]).toEqual([resource, 403])
      }
    })
  },
)
