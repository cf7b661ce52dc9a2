import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat, CHAT_ORIGIN } from '../../support/chat-double.ts'
import {
  answerFor,
  anOperatorScene,
  CHECK,
  locked,
  named,
  verdictOn,
  type Answer,
} from './fixture.ts'

describe('the chat', () => {
  test('is requested as the proxy does, and its response body is not shown', async () => {
    const seen: Request[] = []
    const scene = await anOperatorScene({}, (request) => {
      seen.push(request)
      return locked(request)
    })
    seen.length = 0
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').detail).toBe('Answers 200 to Entrada with ORIGIN_SECRET.')
    expect(JSON.stringify(answer)).not.toContain('hello')
    const ours = seen.filter(({ headers }) => headers.has('entrada-assertion'))
    expect(ours.map(({ headers }) => headers.get('x-forwarded-user'))).toEqual([CAST.alex.id])
  })

  test('fails when it expects another ORIGIN_SECRET', async () => {
    let isChanged = false
    const scene = await anOperatorScene({}, (request) =>
      isChanged ? new Response(null, { status: 403 }) : locked(request),
    )
    isChanged = true
    expect(await verdictOn('chat', scene)).toMatchObject({
      status: 'failed',
      detail: 'Answers 403 to Entrada with ORIGIN_SECRET.',
      fix: expect.stringContaining('ORIGIN_SECRET'),
    })
  })

  test.each([500, 503])('fails when it responds with %i', async (status) => {
    let isBroken = false
    const scene = await anOperatorScene({}, (request) =>
      isBroken ? new Response('stack trace', { status }) : locked(request),
    )
    isBroken = true
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').status).toBe('failed')
    expect(JSON.stringify(answer)).not.toContain('stack trace')
  })

  test('fails when it does not respond, and the other checks go on', async () => {
    const scene = await anOperatorScene()
    scene.entrada.internet.disconnect(CHAT_ORIGIN)
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').detail).toContain('The chat service did not answer')
    expect(named(answer, 'origin_protection').detail).toBe('No answer.')
    expect(named(answer, 'client_credential').status).toBe('ok')
  })

  test('causes a warning when it refuses a check without a session', async () => {
    const { entrada } = aGuardedChat(
      { settings: { DOMAIN_SERVER: 'http://localhost:8787' } },
      () => new Response(null, { status: 401 }),
    )
    const answer = await (await entrada.fetch(CHECK)).json<Answer>()
    expect(named(answer, 'chat')).toMatchObject({
      status: 'warning',
      fix: 'Sign in and check again.',
    })
  })
})
