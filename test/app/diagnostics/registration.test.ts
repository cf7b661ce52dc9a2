import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerAt, answerFor, anOperatorScene, named, refusal, verdictOn } from './fixture.ts'

/* The redirect URI and its platform, in the setup check and for people who cannot reach it. */

describe('the redirect URI', () => {
  test('passes when it is registered under the platform Web', async () => {
    expect(await verdictOn('redirect_uri', await anOperatorScene())).toEqual({
      name: 'redirect_uri',
      status: 'ok',
      detail:
        'https://chat.contoso.example/oauth/openid/callback is registered. Its platform was Web when you signed in.',
    })
  })

  test('fails when it is no longer registered, and shows it in full', async () => {
    const scene = await anOperatorScene()
    const { sandbox } = scene.entrada
    sandbox.registration = { ...sandbox.registration, redirectUris: [] }
    expect(await verdictOn('redirect_uri', scene)).toMatchObject({
      status: 'failed',
      detail: 'https://chat.contoso.example/oauth/openid/callback is refused, AADSTS50011.',
      fix: expect.stringContaining('platform Web'),
    })
  })

  test('fails under the platform for single-page applications, with the fix [requirement 99]', async () => {
    const scene = await anOperatorScene()
    answerAt(scene, '/authorize', (request) => {
      const asked = new URL(request.url).searchParams
      // Required only under that platform, so the check does not send it.
      expect([asked.get('prompt'), asked.has('code_challenge')]).toEqual(['none', false])
      const back = new URL(asked.get('redirect_uri') ?? '')
      back.searchParams.set('error', 'invalid_request')
      back.searchParams.set('error_description', 'AADSTS9002325: Proof Key … raw text')
      return new Response(null, { status: 302, headers: { location: back.href } })
    })
    const answer = await answerFor(scene)
    expect(named(answer, 'redirect_uri')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('AADSTS9002325'),
      fix: expect.stringContaining('single-page application'),
    })
    expect(JSON.stringify(answer)).not.toContain('raw text')
  })

  test('is skipped when the service shows a page instead of a redirect', async () => {
    const scene = await anOperatorScene()
    answerAt(scene, '/authorize', () => new Response('<title>Sign in</title>'))
    expect((await verdictOn('redirect_uri', scene)).status).toBe('skipped')
  })
})

describe('a sign-in that fails names the wrong platform, because the check needs a session [requirement 99]', () => {
  test('for the redirect URI of a single-page application', async () => {
    const uri = 'https://chat.contoso.example/oauth/openid/callback'
    const registration = { redirectUris: [], spaRedirectUris: [uri] }
    const browser = anEntrada({ sandbox: createSandbox({ people: 5, registration }) }).browser()
    await browser.open('/')
    await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.headers.get('entrada-error')).toBe('registration_rejected')
    expect(page.text).toContain('AADSTS9002327')
    expect(page.text).toContain('It belongs under the platform Web.')
  })

  test('for a public client', async () => {
    const entrada = anEntrada()
    const browser = entrada.browser()
    await browser.open('/')
    answerAt({ entrada, operator: browser }, '/token', refusal(700025, 'invalid_client'))
    await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.headers.get('entrada-error')).toBe('registration_rejected')
    expect(page.text).toContain('It belongs under the platform Web.')
  })
})
