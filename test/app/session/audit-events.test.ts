import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { cookieOf, signedIn, signOut } from '../../support/scene.ts'

/* What happens to sessions leaves one line in the audit log, which names people by id alone. */

const ADELE = { userId: CAST.adele.id, tenantId: CONTOSO }

/** The audit events since the last call, without their times and request ids. */
function audits({ logs }: Entrada): readonly unknown[] {
  const events = logs.events().filter(({ level }) => level === 'audit')
  expect(logs.text).not.toMatch(/v1\.[\w-]+\.|eyJ[\w-]+\./)
  logs.clear()
  return events
}

function endAll() {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ all: true }),
  }
}

describe('one audit event without secrets is left [requirement 100]', () => {
  test('by a sign-in, with the person and the session', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    expect(entrada.logs.text).not.toContain(cookieOf(browser))
    expect(audits(entrada)).toEqual([
      expect.objectContaining({
        event: 'signed_in',
        ...ADELE,
        sessionId: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    ])
  })

  test('by a sign-out, with the person, and none by a second one', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const cookie = cookieOf(browser)
    audits(entrada)
    await signOut(browser)
    expect(entrada.logs.text).not.toContain(cookie)
    expect(audits(entrada)).toEqual([expect.objectContaining({ event: 'signed_out', ...ADELE })])
    await signOut(browser)
    expect(audits(entrada)).toEqual([])
  })

  test('by Entra’s notice of a sign-out that ends a session, and none by another', async () => {
    const entrada = anEntrada()
    await signedIn(entrada)
    audits(entrada)
    const idToken = entrada.sandbox.entra.minted.idTokens.at(-1) ?? ''
    const { sid }: { sid: string } = JSON.parse(
      Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString(),
    )
    const send = () => entrada.fetch(`/.entrada/frontchannel-logout?sid=${sid}`)
    await send()
    expect(audits(entrada)).toEqual([
      expect.objectContaining({ event: 'signed_out_by_notice', channel: 'front', count: 1 }),
    ])
    await send()
    expect(audits(entrada)).toEqual([])
  })

  test('by a person who ends their other sessions, with how many', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await signedIn(entrada)
    await signedIn(entrada)
    audits(entrada)
    await browser.fetch('/.entrada/sessions/end', endAll())
    expect(audits(entrada)).toEqual([
      expect.objectContaining({ event: 'sessions_ended', userId: CAST.adele.id, count: 2 }),
    ])
  })

  test('by an operator who ends a person’s sessions, with both and how many', async () => {
    const entrada = anEntrada({ settings: { OPENID_ADMIN_ROLE: 'Entrada.Admin' } })
    const alex = await signedIn(entrada, 'alex')
    await signedIn(entrada)
    audits(entrada)
    const path = `/.entrada/admin/users/${CONTOSO}:${CAST.adele.id}/end`
    await alex.fetch(path, { method: 'POST' })
    expect(audits(entrada)).toEqual([
      expect.objectContaining({
        event: 'sessions_ended_by_operator',
        ...ADELE,
        operatorId: CAST.alex.id,
        count: 1,
      }),
    ])
  })
})
