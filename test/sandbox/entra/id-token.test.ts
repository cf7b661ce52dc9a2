import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO, FABRIKAM } from '../directory/cast.ts'
import type { Registration } from '../registration.ts'
import { claimsOf } from './answers.ts'
import { RelyingParty, SIGN_IN_SCOPE } from './relying-party.ts'

const anyText: unknown = expect.any(String)

async function claimsFor(
  account: { readonly userPrincipalName: string },
  registration: Partial<Registration> = {},
  scope: string = SIGN_IN_SCOPE,
) {
  const party = new RelyingParty({ registration })
  return claimsOf((await party.tokens(account, { scope })).body['id_token'])
}

async function publishedKeys(party: RelyingParty) {
  const response = await party.fetch(new Request(party.url('discovery/v2.0/keys')))
  return createLocalJWKSet(await response.json())
}

describe('an id token', () => {
  test('identifies the person, tenant and application, and its lifetime', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const { payload, protectedHeader } = await jwtVerify(
      String(body['id_token']),
      await publishedKeys(party),
      {
        issuer: `https://login.microsoftonline.com/${CONTOSO}/v2.0`,
        audience: party.world.registration.clientId,
        algorithms: ['RS256'],
      },
    )
    expect(protectedHeader).toMatchObject({ typ: 'JWT', alg: 'RS256' })
    expect(payload).toMatchObject({
      oid: CAST.adele.id,
      tid: CONTOSO,
      ver: '2.0',
      nonce: 'nonce-1',
      name: 'Adele Vance',
      preferred_username: CAST.adele.userPrincipalName,
      email: 'adele.vance@contoso.example',
      xms_edov: true,
      acct: 0,
      uti: anyText,
      aio: anyText,
      rh: anyText,
    })
    expect(payload['sid']).toMatch(/^[-\w]{36}$/)
    expect(payload['login_hint']).toMatch(/^O\./)
    const now = Date.now() / 1000
    expect(payload.iat).toBe(payload.nbf)
    expect(now - (payload.iat ?? 0)).toBeGreaterThanOrEqual(300)
    expect((payload.exp ?? 0) - now).toBeGreaterThan(3590)
    expect(payload).not.toHaveProperty('idp')
    expect(payload).not.toHaveProperty('auth_time')
    expect(payload).not.toHaveProperty('roles')
  })

  test('has no nonce after a refresh and identifies the same person', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const refreshed = await party.refresh(body['refresh_token'])
    const [before, after] = [body, refreshed.body].map((answer) => claimsOf(answer['id_token']))
    expect(after).not.toHaveProperty('nonce')
    for (const claim of ['sub', 'oid', 'tid', 'sid', 'iss', 'aud']) {
      expect(after?.[claim]).toBe(before?.[claim])
    }
    expect(after?.['uti']).not.toBe(before?.['uti'])
  })

  test('has a different subject for each application', async () => {
    const first = await claimsFor(CAST.adele)
    const other = await claimsFor(CAST.adele, { clientId: '11111111-2222-3333-4444-555555555555' })
    expect(first['sub']).not.toBe(other['sub'])
    expect(first['sub']).not.toBe(first['oid'])
    expect(await claimsFor(CAST.adele)).toMatchObject({ sub: first['sub'] })
  })

  test('contains no name without the profile scope', async () => {
    const claims = await claimsFor(CAST.adele, { optionalClaims: [] }, 'openid')
    for (const claim of ['oid', 'name', 'preferred_username', 'email', 'sid', 'login_hint']) {
      expect(claims).not.toHaveProperty(claim)
    }
    expect(claims).toHaveProperty('tid', CONTOSO)
  })

  test('contains the e-mail address when requested by scope or registration and known', async () => {
    expect(await claimsFor(CAST.adele, { optionalClaims: [] })).toHaveProperty('email')
    expect(
      await claimsFor(CAST.adele, { optionalClaims: ['email'] }, 'openid profile'),
    ).toHaveProperty('email')
    const unal = await claimsFor(CAST.unal)
    expect(unal).not.toHaveProperty('email')
    expect(unal).not.toHaveProperty('xms_edov')
    expect(unal['name']).toBe(`Ünal, "Ops" O'Hara & Söhne`)
  })

  test.each([
    ['entra.xms_edov_number', 1, 0],
    ['entra.xms_edov_text', '1', '0'],
    ['entra.xms_edov_word', 'true', 'false'],
  ] as const)('may spell xms_edov otherwise: %s', async (fault, yes, no) => {
    const edovOf = async (who: { readonly userPrincipalName: string }) => {
      const party = new RelyingParty()
      party.world.faults.set(fault)
      return claimsOf((await party.tokens(who)).body['id_token'])['xms_edov']
    }
    expect(await edovOf(CAST.adele)).toBe(yes)
    expect(await edovOf(CAST.gustav)).toBe(no)
  })

  test('contains the user principal name when configured, with the guest marker', async () => {
    expect(await claimsFor(CAST.gustav, { optionalClaims: ['upn'] })).toMatchObject({
      upn: CAST.gustav.userPrincipalName,
      preferred_username: 'gustav@fabrikam.example',
    })
    expect(await claimsFor(CAST.adele)).not.toHaveProperty('upn')
  })

  test('of a guest names their home identity provider', async () => {
    expect(await claimsFor(CAST.gustav, { optionalClaims: ['acct', 'xms_edov'] })).toMatchObject({
      oid: CAST.gustav.id,
      tid: CONTOSO,
      acct: 1,
      idp: `https://sts.windows.net/${FABRIKAM}/`,
      email: 'gustav@fabrikam.example',
      xms_edov: false,
    })
  })

  test('contains auth_time when configured, unchanged by a refresh', async () => {
    const party = new RelyingParty({ registration: { optionalClaims: ['auth_time'] } })
    const { body } = await party.tokens(CAST.adele)
    const { auth_time: authTime } = claimsOf(body['id_token'])
    expect(Number(authTime)).toBeCloseTo(Date.now() / 1000, -1)
    const refreshed = await party.refresh(body['refresh_token'])
    expect(claimsOf(refreshed.body['id_token'])['auth_time']).toBe(authTime)
  })

  test('contains the app roles of the person', async () => {
    expect(await claimsFor(CAST.alex)).toMatchObject({ roles: ['Entrada.Admin'] })
  })
})

describe('the groups claim', () => {
  const { chatUsers, everyoneInSales, allEmployees } = CAST_GROUPS

  test('contains nested groups', async () => {
    const { groups } = await claimsFor(CAST.adele)
    expect(groups).toEqual(expect.arrayContaining([chatUsers, everyoneInSales, allEmployees]))
  })

  test('contains only direct groups when limited to those of the application', async () => {
    const { groups } = await claimsFor(CAST.adele, { groupMembershipClaims: 'ApplicationGroup' })
    expect(groups).toEqual([chatUsers])
  })

  test('is absent when not configured', async () => {
    expect(await claimsFor(CAST.adele, { groupMembershipClaims: 'none' })).not.toHaveProperty(
      'groups',
    )
  })

  test.each([
    [200, true],
    [201, false],
  ])('of %d groups is listed: %s', async (count, isListed) => {
    const party = new RelyingParty()
    const [contoso] = party.world.tenants
    const chat = contoso?.group(chatUsers)
    if (contoso === undefined || chat == null) throw new Error('no tenant')
    const before = contoso.transitiveGroupsOf(CAST.unal.id).length
    for (let index = before; index < count; index++) {
      const id = `0e000000-0000-4000-8000-${String(index).padStart(12, '0')}`
      contoso.putGroup({ ...chat, id, memberIds: [CAST.unal.id] })
    }
    const claims = claimsOf((await party.tokens(CAST.unal)).body['id_token'])
    expect(Object.hasOwn(claims, 'groups')).toBe(isListed)
    expect(Object.hasOwn(claims, '_claim_names')).toBe(!isListed)
  })

  test('of too many groups points to a host that may not receive a token', async () => {
    const claims = await claimsFor(CAST.megan)
    expect(claims).not.toHaveProperty('groups')
    expect(claims).toHaveProperty('_claim_names.groups', 'src1')
    expect(claims).toHaveProperty(
      '_claim_sources.src1.endpoint',
      expect.stringContaining('https://graph.windows.net/'),
    )
  })
})

describe('signing keys', () => {
  async function verify(party: RelyingParty, token: unknown) {
    return jwtVerify(String(token), await publishedKeys(party))
  }

  test('rotate: the new key signs at once and old tokens still verify', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const before = await publishedKeys(party)
    party.world.entra.rollKeys()
    const after = await party.tokens(CAST.adele)
    await expect(jwtVerify(String(after.body['id_token']), before)).rejects.toThrow('no applicable')
    await verify(party, after.body['id_token'])
    await verify(party, body['id_token'])
  })

  test('are retired: tokens signed by an old key no longer verify', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    party.world.entra.rollKeys({ retire: true })
    await expect(verify(party, body['id_token'])).rejects.toThrow('no applicable')
    await verify(party, (await party.tokens(CAST.adele)).body['id_token'])
  })

  test('must be published: a token signed with an unknown key does not verify', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.bad_signature')
    await expect(verify(party, (await party.tokens(CAST.adele)).body['id_token'])).rejects.toThrow(
      'no applicable',
    )
  })
})
