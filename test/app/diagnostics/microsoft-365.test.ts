import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { anOperatorScene, verdictOn } from './fixture.ts'

describe('Microsoft 365', () => {
  test('lists what has been consented to', async () => {
    const { status, detail } = await verdictOn('permissions', await anOperatorScene())
    expect([status, detail]).toEqual(['ok', 'people: on, groups: on, files: on'])
  })

  test('warns about missing consent, with the address to consent at', async () => {
    const scene = await anOperatorScene()
    scene.entrada.sandbox.entra.revokeAdminConsent(undefined, ['Files.Read.All'])
    await clock.advance(3 * 3600)
    expect(await verdictOn('permissions', scene)).toMatchObject({
      status: 'warning',
      detail: 'people: on, groups: on, files: consent needed',
      fix: expect.stringContaining('/.entrada/consent?feature=sign_in&admin=1'),
    })
  })

  test('fails without a token, with Microsoft’s error number', async () => {
    // Otherwise the session would end at the first recheck without a token.
    const scene = await anOperatorScene({ settings: { MEMBERSHIP_CHECK_SECONDS: '86400' } })
    scene.entrada.sandbox.faults.set('entra.secret_expired')
    await clock.advance(3 * 3600)
    expect(await verdictOn('permissions', scene)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('AADSTS7000222'),
    })
  })

  test('skips permissions when tokens are off', async () => {
    const scene = await anOperatorScene({
      settings: { OPENID_REUSE_TOKENS: 'false', ENABLE_SHAREPOINT_FILEPICKER: 'false' },
    })
    expect((await verdictOn('permissions', scene)).status).toBe('skipped')
  })

  test('fails when Graph does not answer', async () => {
    const scene = await anOperatorScene()
    scene.entrada.sandbox.faults.set('graph.outage')
    expect(await verdictOn('graph', scene)).toMatchObject({
      status: 'failed',
      detail: 'Answers 503 without a token.',
    })
    scene.entrada.internet.disconnect(scene.entrada.sandbox.hosts.graph)
    expect((await verdictOn('graph', scene)).detail).toBe('No answer.')
  })
})
