import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { thumbprintOf } from './client-authentication.ts'
import { createClientCertificate } from './client-certificate.ts'
import { RelyingParty } from './relying-party.ts'

const ours = createClientCertificate()
const theirs = createClientCertificate()

async function presented(
  party: RelyingParty,
  parameters: Readonly<Record<string, string | null>>,
  headers: Readonly<Record<string, string>> = {},
) {
  const code = (await party.signIn(CAST.adele)).get('code') ?? ''
  const { status, body } = await party.redeem(code, { client_secret: null, ...parameters }, headers)
  return { status, error: body['error'], codes: body['error_codes'] }
}

const ACCEPTED = { status: 200, error: undefined, codes: undefined }

describe('a client secret', () => {
  const secret = 'sandbox~client.secret/with+signs%and:colon'

  function basic(party: RelyingParty, encode: (text: string) => string) {
    const pair = [party.world.registration.clientId, secret].map(encode).join(':')
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }

  test('is accepted from the form', async () => {
    expect(await presented(new RelyingParty(), { client_secret: secret })).toEqual(ACCEPTED)
  })

  test('is accepted from a Basic header whose parts are form-encoded', async () => {
    const party = new RelyingParty()
    const headers = basic(party, encodeURIComponent)
    expect(await presented(party, { client_id: null }, headers)).toEqual(ACCEPTED)
  })

  test('is refused from a Basic header whose parts are not form-encoded', async () => {
    const party = new RelyingParty()
    const headers = basic(party, (text) => text)
    const answer = await presented(party, { client_id: null }, headers)
    expect(answer).toEqual({ status: 401, error: 'invalid_client', codes: [7000215] })
  })

  test('is refused when it is sent in two places', async () => {
    const party = new RelyingParty()
    const headers = basic(party, encodeURIComponent)
    const answer = await presented(party, { client_secret: secret }, headers)
    expect(answer).toEqual({ status: 400, error: 'invalid_request', codes: [9002313] })
  })

  test.each([
    ['a wrong one', 'wrong', 7000215],
    ['one cut short', secret.slice(0, -1), 7000215],
    ['none', null, 7000218],
    ['an empty one', '', 7000218],
  ])('%s is refused', async (_situation, value, code) => {
    const answer = await presented(new RelyingParty(), { client_secret: value })
    expect(answer).toEqual({ status: 401, error: 'invalid_client', codes: [code] })
  })

  test('is accepted when it is any of several, as during rotation', async () => {
    const party = new RelyingParty({ registration: { clientSecrets: ['old', 'new'] } })
    expect(await presented(party, { client_secret: 'new' })).toEqual(ACCEPTED)
    expect(await presented(party, { client_secret: 'old' })).toEqual(ACCEPTED)
  })
})

describe('a certificate', () => {
  interface Change {
    readonly key?: KeyObject
    readonly alg?: string
    readonly header?: Readonly<Record<string, unknown>>
    readonly claims?: Readonly<Record<string, unknown>>
  }

  async function assertion(party: RelyingParty, change: Change = {}) {
    const { clientId } = party.world.registration
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      aud: party.url('oauth2/v2.0/token'),
      iss: clientId,
      sub: clientId,
      jti: 'one',
      nbf: now,
      exp: now + 600,
      ...change.claims,
    }
    const header = {
      alg: change.alg ?? 'PS256',
      typ: 'JWT',
      'x5t#S256': thumbprintOf(new X509Certificate(ours.certificate)),
      ...change.header,
    }
    const key = change.key ?? createPrivateKey(ours.privateKey)
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT(claims).setProtectedHeader(header).sign(key),
    }
  }

  const withCertificate = () =>
    new RelyingParty({ registration: { certificates: [theirs.certificate, ours.certificate] } })

  test('signs an assertion that is accepted twice, because MSAL reuses it', async () => {
    const party = withCertificate()
    const fields = await assertion(party)
    expect(await presented(party, fields)).toEqual(ACCEPTED)
    expect(await presented(party, fields)).toEqual(ACCEPTED)
  })

  const now = () => Math.floor(Date.now() / 1000)
  test.each<[string, () => Change, number]>([
    ['with another key', () => ({ key: createPrivateKey(theirs.privateKey) }), 700027],
    ['with RS256', () => ({ alg: 'RS256' }), 700027],
    ['without a thumbprint', () => ({ header: { 'x5t#S256': undefined } }), 700027],
    ['with an unknown thumbprint', () => ({ header: { 'x5t#S256': 'AAAA' } }), 700027],
    ['without jti', () => ({ claims: { jti: undefined } }), 700027],
    [
      'for the issuer',
      () => ({ claims: { aud: 'https://login.microsoftonline.com/x/v2.0' } }),
      700023,
    ],
    ['for nobody', () => ({ claims: { aud: undefined } }), 700023],
    ['by another client', () => ({ claims: { iss: 'x' } }), 700021],
    ['about another client', () => ({ claims: { sub: 'x' } }), 700021],
    ['that has expired', () => ({ claims: { nbf: now() - 601, exp: now() - 1 } }), 700024],
    ['from the future', () => ({ claims: { nbf: now() + 400, exp: now() + 500 } }), 700024],
    ['for longer than ten minutes', () => ({ claims: { exp: now() + 601 } }), 700024],
    ['without an end', () => ({ claims: { exp: undefined } }), 700024],
  ])('signs an assertion %s, which is refused', async (_situation, change, code) => {
    const party = withCertificate()
    const answer = await presented(party, await assertion(party, change()))
    expect(answer).toEqual({ status: 401, error: 'invalid_client', codes: [code] })
  })

  test('that has expired is refused', async () => {
    const old = createClientCertificate({ days: -1 / 24 })
    const party = new RelyingParty({ registration: { certificates: [old.certificate] } })
    const fields = await assertion(party, {
      key: createPrivateKey(old.privateKey),
      header: { 'x5t#S256': thumbprintOf(new X509Certificate(old.certificate)) },
    })
    expect(await presented(party, fields)).toMatchObject({ codes: [700027] })
  })

  test('is refused under another assertion type', async () => {
    const party = withCertificate()
    const fields = { ...(await assertion(party)), client_assertion_type: 'saml' }
    expect(await presented(party, fields)).toMatchObject({ codes: [900144] })
  })

  test('is refused when the assertion is garbage', async () => {
    const party = withCertificate()
    const fields = { ...(await assertion(party)), client_assertion: 'a.b.c' }
    expect(await presented(party, fields)).toMatchObject({ codes: [700027] })
  })
})
