import { describe, expect, test } from 'vitest'
import { RelyingParty } from './relying-party.ts'

describe('the pages', () => {
  test('load no resources, cannot be framed and have no opener', async () => {
    const page = await new RelyingParty().authorize()
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(page.headers.get('cache-control')).toContain('no-store')
    expect(page.html.querySelectorAll('script, img, link')).toHaveLength(0)
  })

  test('escape the values they show', async () => {
    const page = await new RelyingParty().authorize({ nonce: '"><script>alert(1)</script>' })
    expect(page.text).not.toContain('<script>alert')
    const failed = await new RelyingParty().authorize({ redirect_uri: '<img src=x>' })
    expect(failed.text).not.toContain('<img')
  })

  test('are a 503 everywhere during an outage', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.outage')
    expect((await party.authorize()).status).toBe(503)
  })
})
