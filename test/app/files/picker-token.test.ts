import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { clock } from '../../support/clock.ts'
import { aFilesScene } from './fixture.ts'
import { askForToken } from './picker-fixture.ts'
import { cookieHeaderOf } from '../../support/scene.ts'

describe('the picker token', () => {
  test('is for one SharePoint host and has an expiry', async () => {
    const scene = await aFilesScene()
    const { accessTokens } = scene.entrada.sandbox
    for (const resource of [MICROSOFT_HOSTS.sharePoint, MICROSOFT_HOSTS.oneDrive]) {
      const { status, body, headers } = await askForToken(scene, { resource })
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(Object.keys(body).toSorted()).toEqual(['expiresAt', 'token'])
      expect(body['expiresAt']).toBeGreaterThan(Date.now() / 1000 + 60)
      const grant = accessTokens.find(String(body['token']))
      expect(grant).toMatchObject({ audience: resource, userId: CAST.adele.id })
    }
  })

  test('is redeemed with the scope of one resource [requirement 48]', async () => {
    const scene = await aFilesScene()
    await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })
    const [redemption] = scene.entrada.sandbox.journal.redemptions('refresh_token').slice(-1)
    expect(redemption?.form.get('scope')?.split(' ')).toContain(
      'https://contoso-my.sharepoint.com/.default',
    )
    expect(redemption?.form.get('scope')).not.toContain('graph')
  })

  test('is renewed when the host refuses it', async () => {
    const scene = await aFilesScene()
    const resource = MICROSOFT_HOSTS.oneDrive
    const first = await askForToken(scene, { resource })
    const same = await askForToken(scene, { resource })
    const renewed = await askForToken(scene, { resource, renew: true })
    expect(same.body['token']).toBe(first.body['token'])
    expect(renewed.body['token']).not.toBe(first.body['token'])
  })

  test('is redeemed at most once a minute for each host, however often a page asks', async () => {
    const scene = await aFilesScene()
    const { journal } = scene.entrada.sandbox
    const hosts = [MICROSOFT_HOSTS.oneDrive, MICROSOFT_HOSTS.sharePoint]
    const renewAll = () =>
      Promise.all(hosts.map((resource) => askForToken(scene, { resource, renew: true })))
    await renewAll()
    const first = journal.redemptions('refresh_token').length
    for (let time = 0; time < 5; time++) {
      for (const { status } of await renewAll()) expect(status).toBe(200)
      // The object loses its memory, but not the time of its last redemption.
      scene.entrada.platform.evict()
      await clock.advance(10)
    }
    expect(journal.redemptions('refresh_token')).toHaveLength(first)
    await clock.advance(10)
    await renewAll()
    expect(journal.redemptions('refresh_token')).toHaveLength(first + hosts.length)
  })

  test('is redeemed with the host’s claims challenge', async () => {
    const scene = await aFilesScene()
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1750000000"}}}'
    await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive, claims })
    const [redemption] = scene.entrada.sandbox.journal.redemptions('refresh_token').slice(-1)
    expect(redemption?.form.get('claims')).toContain('"nbf"')
  })

  test.each([
    [{}],
    [{ resource: 7 }],
    [{ resource: 'x'.repeat(301) }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: 'no json' }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: '[]' }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, claims: `{"x":"${'y'.repeat(5000)}"}` }],
    [{ resource: MICROSOFT_HOSTS.oneDrive, renew: 'yes' }],
    [null],
    ['text'],
  ])('is refused for a malformed body: %j', async (body) => {
    const scene = await aFilesScene()
    const answer = await askForToken(scene, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })

  test('is refused from another site and without proof of the origin [requirement 73]', async () => {
    const scene = await aFilesScene()
    const cookie = cookieHeaderOf(scene.browser)
    const minted = scene.entrada.sandbox.accessTokens.minted.length
    const matrix: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
      [{ 'sec-fetch-site': 'same-origin' }, 200],
      [{ origin: 'https://chat.contoso.example' }, 200],
      [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, 403],
      [{ 'sec-fetch-site': 'cross-site', origin: 'https://chat.contoso.example' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{}, 403],
    ]
    for (const [headers, status] of matrix.toReversed()) {
      const response = await scene.entrada.fetch('/.entrada/picker/token', {
        method: 'POST',
        headers: { ...headers, cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ resource: MICROSOFT_HOSTS.oneDrive }),
      })
      expect(response.status, JSON.stringify(headers)).toBe(status)
      await response.body?.cancel()
      if (status === 403) expect(scene.entrada.sandbox.accessTokens.minted).toHaveLength(minted)
    }
  })

  test('is not available by GET', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch('/.entrada/picker/token')
    expect([404, 405]).toContain(response.status)
  })

  test('names the consent page without consent for SharePoint', async () => {
    const scene = await aFilesScene()
    const { entra, hosts } = scene.entrada.sandbox
    entra.revokeAdminConsent(hosts.sharePoint)
    const { status, body } = await askForToken(scene, { resource: hosts.sharePoint })
    expect(status).toBe(403)
    expect(body).toMatchObject({ code: 'consent_required' })
    expect(String(body['consentUrl'])).toContain('feature=files')
  })

  test('logs an audit event with the resource and without the token [requirement 100]', async () => {
    const scene = await aFilesScene()
    const { body } = await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })
    await askForToken(scene, { resource: 'https://evil.example' })
    expect(scene.entrada.logs.events('picker_token_issued')).toMatchObject([
      {
        level: 'audit',
        userId: CAST.adele.id,
        resource: MICROSOFT_HOSTS.oneDrive,
        result: 'issued',
      },
      { level: 'audit', userId: CAST.adele.id, resource: '', result: 'picker_host_refused' },
    ])
    expect(scene.entrada.logs.text).not.toContain(String(body['token']))
    expect(scene.entrada.logs.text).not.toContain('evil.example')
  })

  test('is limited per user [requirement 95]', async () => {
    const scene = await aFilesScene({ settings: { RATE_LIMITS: '{"picker":{"perMinute":2}}' } })
    const ask = async () =>
      (await askForToken(scene, { resource: MICROSOFT_HOSTS.oneDrive })).status
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429])
  })
})
