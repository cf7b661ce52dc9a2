import { expect, test } from 'vitest'
import { converse, type ConversationDeps } from '../../src/browser/picker/conversation.ts'
import { readPickedItems, type PickedItem } from '../../src/browser/picker/picked-items.ts'
import type { Problem, TokenRequest } from '../../src/browser/picker/token-client.ts'
import { outdatedScripts } from '../page-scripts.ts'

const DRIVE = `b!${'d'.repeat(64)}`
const ITEM = `01${'A'.repeat(32)}`
const picked = (id = ITEM, more = {}) => ({ id, parentReference: { driveId: DRIVE }, ...more })

/** Microsoft's end of the port: sends commands and collects the messages that come back. */
function aConversation(overrides: Partial<ConversationDeps> = {}) {
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  const asked: TokenRequest[] = []
  const results: (readonly PickedItem[] | 'closed')[] = []
  const refused: Problem[] = []
  port1.addEventListener('message', (event: MessageEvent<unknown>) => heard.push(event.data))
  port1.start()
  converse(port2, {
    maxFiles: 2,
    maxFileBytes: 10_485_760,
    token: async (request) => {
      asked.push(request)
      return { ok: true, token: 'a-token' }
    },
    onRefused: (problem) => refused.push(problem),
    onPicked: (items) => results.push(items),
    onClosed: () => results.push('closed'),
    ...overrides,
  })
  return {
    heard,
    asked,
    results,
    refused,
    say: (message: unknown) => port1.postMessage(message),
    async command(data: unknown): Promise<unknown> {
      const id = crypto.randomUUID()
      port1.postMessage({ type: 'command', id, data })
      const answer = () =>
        heard.find(
          (one): one is { data: unknown } =>
            isMessage(one) && one.type === 'result' && one.id === id,
        )
      await expect.poll(answer).toBeDefined()
      expect(heard).toContainEqual({ type: 'acknowledge', id })
      return answer()?.data
    },
    close: () => port1.close(),
  }
}

function isMessage(value: unknown): value is { readonly type: unknown; readonly id: unknown } {
  return typeof value === 'object' && value !== null && 'type' in value && 'id' in value
}

test('the generated script matches its sources', async () => {
  expect(await outdatedScripts()).toEqual([])
})

test('activates the picker first', async () => {
  const talk = aConversation()
  await expect.poll(() => talk.heard).toEqual([{ type: 'activate' }])
  talk.close()
})

test('gives each host its own token and renews an expired one', async () => {
  const talk = aConversation()
  const resource = 'https://contoso.sharepoint.com'
  const first = { command: 'authenticate', resource, type: 'SharePoint' }
  expect(await talk.command(first)).toEqual({ result: 'token', token: 'a-token' })
  await talk.command({ ...first, expiration: { error: 'expired' } })
  await talk.command({ ...first, claimsChallenge: { claims: '{"x":1}', error: 'y' } })
  await talk.command({ ...first, type: 'SharePoint_SelfIssued' })
  expect(talk.asked).toEqual([
    { resource },
    { resource, renew: true },
    { resource, renew: true, claims: '{"x":1}' },
    { resource },
  ])
  talk.close()
})

test.each([
  [{ type: 'Graph', resource: 'https://graph.microsoft.com' }],
  [{ type: 'SharePoint' }],
  [{ type: 'SharePoint', resource: 7 }],
  [{ type: 'SharePoint', resource: null }],
])('requests no token for %j', async (data) => {
  const talk = aConversation()
  expect(await talk.command({ command: 'authenticate', ...data })).toMatchObject({
    result: 'error',
    error: { code: 'unableToObtainToken' },
  })
  expect(talk.asked).toEqual([])
  talk.close()
})

test('explains in a message why there is no token', async () => {
  const problem = {
    title: 'This feature needs your permission',
    code: 'consent_required',
  }
  const talk = aConversation({ token: async () => ({ ok: false, problem }) })
  const resource = 'https://contoso.sharepoint.com'
  expect(await talk.command({ command: 'authenticate', resource })).toEqual({
    result: 'error',
    error: { code: 'unableToObtainToken', message: 'This feature needs your permission' },
  })
  expect(talk.refused).toEqual([])
  talk.close()
})

test('shows what the person can do about a missing token', async () => {
  const problem = {
    title: 'Microsoft asks you to sign in again',
    code: 'interaction_required',
    remedyUrl: 'https://chat.contoso.example/.entrada/login?step_up=1',
  }
  const talk = aConversation({ token: async () => ({ ok: false, problem }) })
  const resource = 'https://contoso.sharepoint.com'
  await talk.command({ command: 'authenticate', resource })
  expect(talk.refused).toEqual([problem])
  talk.close()
})

test('confirms a choice, then passes it on', async () => {
  const talk = aConversation()
  const items = [picked(ITEM, { name: 'a.txt', size: 5, '@sharePoint.endpoint': 'https://x' })]
  expect(await talk.command({ command: 'pick', items })).toEqual({ result: 'success' })
  await expect
    .poll(() => talk.results)
    .toEqual([[{ driveId: DRIVE, id: ITEM, name: 'a.txt', size: 5 }]])
  talk.close()
})

test.each([
  ['nothing', []],
  ['no list', 'x'],
  ['nothing usable', [{}, null, { id: '../..' }]],
  ['too many', [picked(), picked(`${ITEM}1`), picked(`${ITEM}2`)]],
  ['too large', [picked(ITEM, { size: 10_485_761 })]],
])('refuses a choice of %s and keeps the picker open', async (_, items) => {
  const talk = aConversation()
  expect(await talk.command({ command: 'pick', items })).toMatchObject({
    result: 'error',
    error: { code: 'unusableItem' },
  })
  expect(talk.results).toEqual([])
  talk.close()
})

test('confirms closing, then reports it', async () => {
  const talk = aConversation()
  expect(await talk.command({ command: 'close' })).toEqual({ result: 'success' })
  await expect.poll(() => talk.results).toEqual(['closed'])
  talk.close()
})

test.each(['upload', 'constructor', '__proto__', '', 7, null])(
  'refuses the unknown command %j',
  async (command) => {
    const talk = aConversation()
    expect(await talk.command({ command })).toMatchObject({
      result: 'error',
      error: { code: 'unsupportedCommand' },
    })
    talk.close()
  },
)

test('ignores messages that are not commands', async () => {
  const talk = aConversation()
  for (const noise of [
    null,
    'command',
    { type: 'notification', data: { notification: 'page-loaded' } },
    { type: 'command', data: { command: 'pick' } },
    { type: 'command', id: 7, data: { command: 'pick' } },
    { type: 'result', id: '1' },
  ]) {
    talk.say(noise)
  }
  await talk.command({ command: 'anything' })
  expect(talk.heard).toHaveLength(3)
  talk.close()
})

test('needs only the two ids of a picked file, and counts duplicates once', () => {
  const items = readPickedItems([
    picked(),
    picked(),
    picked(ITEM, { name: 'x'.repeat(1000), size: -1 }),
    picked(`${ITEM}1`, { name: 7, size: '5' }),
    { id: ITEM },
    { parentReference: { driveId: DRIVE } },
    picked('01<script>alert(1)</script>'),
    { id: ITEM, parentReference: { driveId: 'b!"onload="alert(1)' } },
  ])
  expect(items.map(({ id }) => id)).toEqual([ITEM, `${ITEM}1`])
  expect(items[0]?.name).toHaveLength(400)
  expect(items[1]).toEqual({ driveId: DRIVE, id: `${ITEM}1` })
})
