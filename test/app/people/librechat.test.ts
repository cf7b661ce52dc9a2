import axios from 'axios'
import { dataService, principalSchema, PrincipalType } from 'librechat-data-provider'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import { aChat, BEARER, found, MEGAN, namesOf } from './librechat-fixture.ts'

describe('the merged list', () => {
  test('contains people of the chat and of the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({
      ...MEGAN,
      idOnTheSource: 'a-local-one',
      name: 'Diego Local',
      email: 'd@x.example',
    })
    const body = await found(user, { q: 'diego' })
    expect(body.results.map(({ name, source, id }) => [name, source, id])).toEqual([
      ['Diego Local', 'local', MEGAN.id],
      ['Diego Siciliani', 'entra', null],
    ])
    expect(body).toMatchObject({ count: 2, sources: { local: 1, entra: 1 }, query: 'diego' })
  })

  test('keeps the chat’s record of a person who is in both, matched by object id', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([MEGAN])
    expect(body.sources).toEqual({ local: 1, entra: 0 })
  })

  test('also matches by address in any case, and adds no object id to the chat’s record', async () => {
    const { chat, user } = await aChat()
    const { idOnTheSource: _, ...withoutId } = MEGAN
    chat.records.push({ ...withoutId, email: 'Megan.Bowen@Contoso.Example' })
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([{ ...withoutId, email: 'Megan.Bowen@Contoso.Example' }])
  })

  test('shows a better match of the directory before weak matches of the chat', async () => {
    const { chat, user } = await aChat()
    for (let index = 0; index < 50; index++) {
      chat.records.push({
        ...MEGAN,
        id: `x${index}`,
        idOnTheSource: `x${index}`,
        name: `Nutmegan ${index}`,
        email: `n${index}@x.example`,
      })
    }
    const body = await found(user, { q: 'megan', limit: '10' })
    expect(namesOf(body)[0]).toBe('Megan Bowen')
    expect(body.results).toHaveLength(10)
    expect(body.sources).toEqual({ local: 9, entra: 1 })
  })

  test('keeps the limit', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    const body = await found(user, { q: 'ma', limit: '5' })
    expect(body.limit).toBe(5)
    expect(body.results.length).toBeLessThanOrEqual(5)
    expect(body.count).toBe(body.results.length)
  })

  test('contains groups of the directory, and groups and roles of the chat', async () => {
    const { chat, user } = await aChat()
    chat.records.push(
      { id: 'g1', type: 'group', name: 'Chat testers', source: 'local', memberCount: 3 },
      { id: 'r1', type: 'role', name: 'CHAT_ADMIN', source: 'local' },
    )
    const body = await found(user, { q: 'chat' })
    expect(namesOf(body)).toEqual(
      expect.arrayContaining(['Chat testers', 'CHAT_ADMIN', 'Chat Users', 'Chat Administrators']),
    )
    const users = body.results.find(({ name }) => name === 'Chat Users')
    expect(users).toMatchObject({ id: null, type: 'group', idOnTheSource: CAST_GROUPS.chatUsers })
  })

  test('keeps what LibreChat itself found in the directory', async () => {
    const { chat, user } = await aChat()
    chat.records.push({ ...MEGAN, id: null, source: 'entra' })
    const body = await found(user, { q: 'megan' })
    expect(body.results).toEqual([{ ...MEGAN, id: null, source: 'entra' }])
    expect(body.sources).toEqual({ local: 0, entra: 1 })
  })
})

describe('LibreChat’s own client', () => {
  let restore = (): void => {}
  beforeEach(() => {
    const { adapter } = axios.defaults
    restore = () => {
      Object.assign(axios.defaults, { adapter })
    }
  })
  afterEach(() => restore())

  test('searches through Entrada, and accepts the results as principals', async () => {
    const { chat, user } = await aChat()
    chat.records.push(MEGAN)
    axios.defaults.adapter = async (config) => {
      const response = await user.browser.fetch(String(config.url), {
        headers: { authorization: BEARER },
      })
      return {
        data: await response.text(),
        status: response.status,
        statusText: response.statusText,
        headers: Object.fromEntries(response.headers),
        config,
      }
    }
    const answer = await dataService.searchPrincipals({
      q: 'me',
      limit: 30,
      types: [PrincipalType.USER, PrincipalType.GROUP],
    })
    expect(answer).toMatchObject({ query: 'me', limit: 30, types: ['user', 'group'] })
    expect(answer.count).toBe(answer.results.length)
    expect(answer.results.length).toBeGreaterThan(1)
    expect(answer.results.some(({ source }) => source === 'entra')).toBe(true)
    for (const { id, ...result } of answer.results) {
      // As the client does when the user chooses a result.
      const principal = { ...result, ...(id === null || id === undefined ? {} : { id }) }
      const parsed = principalSchema.strict().safeParse(withoutAccount(principal))
      expect(parsed.error?.issues ?? []).toEqual([])
    }
  })
})

/** Search results have two properties that principals do not have. */
function withoutAccount(result: object): object {
  return Object.fromEntries(
    Object.entries(result).filter(([name]) => name !== 'username' && name !== 'provider'),
  )
}
