import { describe, expect, test } from 'vitest'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { ScriptedIssuer } from '../../support/scripted-issuer.ts'
import { withParameters, CLIENT } from '../edge/scripted-entrada-fixture.ts'

const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'
const OTHER = 'b47e2c11-90aa-4c58-8a0e-6a5d3d1f2b02'
const CIAM = `https://${TENANT}.ciamlogin.com/${TENANT}/v2.0`
const B2C = 'https://contoso.b2clogin.com'
const FLOW = 'B2C_1_sign_in'

interface Names {
  /** `OPENID_ISSUER`. */
  readonly authority: string
  /** `issuer` of the metadata there. */
  readonly issuer: string
  /** `iss` of the id token, where it differs. */
  readonly iss?: string
}

function entradaAt({ authority, issuer, iss = issuer }: Names): {
  entrada: Entrada
  asked: readonly URL[]
} {
  const asked: URL[] = []
  const scripted = new ScriptedIssuer({ issuer: authority.replace(/\/$/, ''), ...CLIENT })
  scripted.script = {
    metadata: (document) => ({
      ...document,
      issuer,
      authorization_response_iss_parameter_supported: false,
    }),
    answer: withParameters((parameters) => parameters.delete('iss')),
    idToken: (claims) => ({ ...claims, iss }),
  }
  const entrada = anEntrada({
    settings: {
      OPENID_ISSUER: authority,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      ENABLE_SHAREPOINT_FILEPICKER: null,
    },
    hosts: {
      [scripted.origin]: (request) => {
        asked.push(new URL(request.url))
        return scripted.handle(request)
      },
    },
  })
  return { entrada, asked }
}

async function signIn(names: Names) {
  const { entrada, asked } = entradaAt(names)
  const browser = entrada.browser()
  await browser.open('/')
  return { entrada, asked, browser, isSignedIn: browser.cookies.get('__Host-entrada') !== null }
}

/** The ways in which Microsoft's metadata differ from their own URL. */
const TAKEN: readonly (readonly [string, Names])[] = [
  ['External ID by its id', { authority: CIAM, issuer: CIAM }],
  ['External ID by its name', { authority: `https://contoso.ciamlogin.com/${TENANT}/v2.0`, issuer: CIAM }],
  ['External ID by its name, twice', { authority: 'https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0', issuer: CIAM }],
  ['External ID under a custom domain', { authority: `https://login.contoso.example/${TENANT}/v2.0`, issuer: CIAM }],
  ['B2C by its id', { authority: `${B2C}/${TENANT}/${FLOW}/v2.0`, issuer: `${B2C}/${TENANT}/v2.0/` }],
  ['B2C by its name', { authority: `${B2C}/contoso.onmicrosoft.com/${FLOW}/v2.0/`, issuer: `${B2C}/${TENANT}/v2.0/` }],
  ['B2C with the policy in its issuer', { authority: `${B2C}/tfp/${TENANT}/${FLOW}/v2.0`, issuer: `${B2C}/tfp/${TENANT}/${FLOW.toLowerCase()}/v2.0/` }],
  ['B2C under a custom domain', { authority: `https://login.contoso.example/${TENANT}/${FLOW}/v2.0`, issuer: `https://login.contoso.example/${TENANT}/v2.0/` }],
] // prettier-ignore

const REFUSED: readonly (readonly [string, Names])[] = [
  ['External ID of another tenant', { authority: `https://contoso.ciamlogin.com/${TENANT}/v2.0`, issuer: CIAM.replaceAll(TENANT, OTHER) }],
  ['External ID whose host is another tenant’s', { authority: CIAM, issuer: `https://${OTHER}.ciamlogin.com/${TENANT}/v2.0` }],
  ['External ID at a host by another name', { authority: `https://${TENANT}.ciamlogin.com/contoso.onmicrosoft.com/v2.0`, issuer: CIAM.replaceAll(TENANT, OTHER) }],
  ['a look-alike of External ID', { authority: CIAM, issuer: CIAM.replace('ciamlogin.com', 'ciamlogin.com.evil.example') }],
  ['External ID that a host names by domain', { authority: 'https://login.contoso.example/contoso.example/v2.0', issuer: CIAM }],
  ['B2C of another tenant', { authority: `${B2C}/${TENANT}/${FLOW}/v2.0`, issuer: `${B2C}/${OTHER}/v2.0/` }],
  ['B2C with another policy', { authority: `${B2C}/${TENANT}/${FLOW}/v2.0`, issuer: `${B2C}/tfp/${TENANT}/B2C_1_edit/v2.0/` }],
  ['B2C at another host', { authority: `${B2C}/${TENANT}/${FLOW}/v2.0`, issuer: `https://fabrikam.b2clogin.com/${TENANT}/v2.0/` }],
  ['a custom domain that names another tenant', { authority: `https://login.contoso.example/${TENANT}/${FLOW}/v2.0`, issuer: `https://login.contoso.example/${OTHER}/v2.0/` }],
] // prettier-ignore

describe('an issuer of External ID or B2C [requirement 10]', () => {
  test.each(TAKEN)('%s signs people in', async (_what, names) => {
    const { browser, isSignedIn } = await signIn(names)
    expect(isSignedIn).toBe(true)
    const session = await browser.fetch('/.entrada/session')
    expect(await session.json()).toMatchObject({ user: { tenantId: names.issuer } })
  })

  test.each(REFUSED)('%s is refused, and page and log name both', async (_what, names) => {
    const { entrada, browser, isSignedIn } = await signIn(names)
    expect(isSignedIn).toBe(false)
    expect(browser.page.headers.get('entrada-error')).toBe('identity_rejected')
    for (const name of [names.issuer, names.authority]) expect(browser.page.text).toContain(name)
    expect(entrada.logs.events('request_failed')).toEqual([
      expect.objectContaining({ issuerSeen: names.issuer, issuerExpected: names.authority }),
    ])
  })

  test('a token of another issuer than the metadata is refused, and page and log name both', async () => {
    const iss = CIAM.replaceAll(TENANT, OTHER)
    const { entrada, browser, isSignedIn } = await signIn({ authority: CIAM, issuer: CIAM, iss })
    expect(isSignedIn).toBe(false)
    for (const name of [iss, CIAM]) expect(browser.page.text).toContain(name)
    expect(entrada.logs.events('request_failed')).toEqual([
      expect.objectContaining({ issuerSeen: iss, issuerExpected: CIAM }),
    ])
  })

  test('an issuer name that is no URL is not repeated', async () => {
    const { browser } = await signIn({ authority: CIAM, issuer: '<b>“bold” as can be</b>' })
    expect(browser.page.headers.get('entrada-error')).toBe('identity_rejected')
    expect(browser.page.text).not.toContain('bold')
  })

  test('only External ID gets a request for the keys of the app', async () => {
    const askedAt = async (authority: string, issuer: string) => {
      const { asked } = await signIn({ authority, issuer })
      const metadata = asked.filter(({ pathname }) => pathname.endsWith('/openid-configuration'))
      return metadata.map(({ searchParams }) => searchParams.get('appid'))
    }
    expect(await askedAt(CIAM, CIAM)).toEqual([CLIENT.clientId])
    expect(await askedAt('https://op.example', 'https://op.example')).toEqual([null])
  })
})
