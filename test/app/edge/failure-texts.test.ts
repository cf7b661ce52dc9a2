import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { cookieHeaderOf, problemOf, signedIn } from '../../support/scene.ts'

/* An error of ours is told in our own words, with an id by which the log can be searched. */

const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
/** What stacks and messages of the platform hold. */
const INSIDE = /\bat .+:\d+:\d+|\.ts\b|\.js\b|Error:|Durable Object|overloaded/

describe('an unforeseen error shows a request id, and no stack or message [requirement 97]', () => {
  async function ask(headers: Readonly<Record<string, string>>) {
    const entrada = anEntrada()
    const cookie = cookieHeaderOf(await signedIn(entrada))
    const cold = anEntrada({ share: entrada })
    entrada.platform.objects.SESSIONS.bend({ fails: 'overloaded' })
    entrada.logs.clear()
    cold.logs.clear()
    const path = '/.entrada/session'
    const request = cold.fetch(path, { headers: { ...headers, cookie } })
    const response = await clock.runOut(request, 120)
    expect(response.status).toBe(500)
    const logged = [...cold.logs.events('request_failed')]
    return { response, requestId: String(logged[0]?.['requestId']) }
  }

  test('to a program', async () => {
    const { response, requestId } = await ask({ accept: 'application/json' })
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ code: 'internal', requestId })
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.stringify(problem)).not.toMatch(INSIDE)
  })

  test('to a person', async () => {
    const { response, requestId } = await ask(PAGE)
    const text = await response.text()
    const main = text.slice(text.indexOf('<main'))
    expect(main).toContain(requestId)
    expect(main).not.toMatch(INSIDE)
  })
})
