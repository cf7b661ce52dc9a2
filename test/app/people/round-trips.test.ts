import { describe, expect, test, vi } from 'vitest'
import type { Directory, Person } from '../../sandbox/directory/directory.ts'
import { mix } from '../../sandbox/directory/random.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { aSearcher, type PeopleAnswer, type Searcher } from './searcher-fixture.ts'

/*
 * A name of up to ten letters, typed letter by letter, costs at most two round trips to Graph. Typed again, it
 * costs none. The tests count requests that reach the sandbox, for names of its directory.
 */

const OK = { people: 'ok', users: 'ok', groups: 'ok', local: 'off' }
const LETTERS = 10
/** Longer than the lifetime of any cached result, so that the next name starts with an empty cache. */
const FORGOTTEN_SECONDS = 4 * 3600

function contosoOf({ tenants }: Sandbox): Directory {
  const [contoso] = tenants
  if (contoso === undefined) throw new Error('no tenant')
  return contoso
}

/** What people type: the name as written, surname first, without marks, or the address. */
function waysToType({ displayName, givenName, surname, userPrincipalName }: Person): string[] {
  const isSpaced = givenName !== null && surname !== null && displayName.includes(' ')
  const reversed = isSpaced ? [`${surname} ${givenName}`] : []
  const plain = displayName
    .normalize('NFD')
    .replaceAll(/(?<=\p{sc=Latin})\p{M}/gu, '')
    .normalize()
  return [displayName, ...reversed, plain, userPrincipalName].filter((text) => text.length > 1)
}

/** A person and a text to find them by. The choice is deterministic, so that a failure repeats. */
function typingOf(directory: Directory, index: number): { person: Person; text: string } {
  const person = directory.people[mix(11, index) % directory.people.length]
  if (person === undefined) throw new Error('nobody')
  const ways = waysToType(person)
  const text = ways[mix(13, index) % ways.length] ?? person.displayName
  return { person, text: [...text].slice(0, LETTERS).join('') }
}

/** The text in the field after each letter, from the second on. */
function keyPresses(text: string): readonly string[] {
  const letters = [...text]
  return letters
    .map((_, index) => letters.slice(0, index + 1).join(''))
    .filter((typed) => [...typed.normalize().trim()].length > 1)
}

/** The person is in the list, or the list is full of others who match. */
function expectFound(answer: PeopleAnswer | undefined, person: Person): void {
  const ids = answer?.results.map(({ idOnTheSource }) => idOnTheSource) ?? []
  if (ids.length < 20) expect(ids, answer?.query).toContain(person.id)
  expect(answer?.status, answer?.query).toEqual(OK)
}

/** Ways of typing, each returning the last answer. */
const PACES: Readonly<Record<string, (searcher: Searcher, text: string) => Promise<PeopleAnswer>>> =
  {
    'letter by letter': async (searcher, text) => {
      const answers: PeopleAnswer[] = []
      for (const typed of keyPresses(text)) answers.push(await searcher.search(typed))
      return last(answers)
    },
    // Every search is sent before Graph has answered the first, and the first reaches Graph first.
    'faster than Graph answers': async (searcher, text) => {
      const [start = '', ...rest] = keyPresses(text)
      clock.letRun()
      searcher.sandbox.faults.set('graph.slow', { delayMs: 50 })
      const before = searcher.roundTrips
      const first = searcher.search(start)
      const isAsked = vi.waitUntil(() => searcher.roundTrips > before, {
        interval: 5,
        timeout: 15_000,
      })
      await Promise.race([first, isAsked])
      const answers = [first, ...rest.map((typed) => searcher.search(typed))]
      return last(
        await Promise.all(answers).finally(() => searcher.sandbox.faults.clear('graph.slow')),
      )
    },
    'with pauses to think': async (searcher, text) => {
      const answers: PeopleAnswer[] = []
      for (const typed of keyPresses(text)) {
        answers.push(await searcher.search(typed))
        await searcher.pause(5)
      }
      return last(answers)
    },
  }

function last(answers: readonly PeopleAnswer[]): PeopleAnswer {
  const answer = answers.at(-1)
  if (answer === undefined) throw new Error('nothing was typed')
  return answer
}

const settings = { RATE_LIMITS: '{"search":{"perMinute":100000}}', SESSION_IDLE_SECONDS: '600000' }

describe.each([
  [5_000, 25],
  [60_000, 6],
])('among %i people', (people, samples) => {
  const sandbox = createSandbox({ people, groups: 300 })

  test.each(Object.entries(PACES))(
    'a name typed %s costs at most two round trips, and none when it is repeated',
    async (_pace, type) => {
      const adele = await aSearcher({ sandbox, settings })
      for (let index = 0; index < samples; index++) {
        const { person, text } = typingOf(contosoOf(sandbox), index)
        if (keyPresses(text).length === 0) continue
        await adele.pause(FORGOTTEN_SECONDS)
        const before = adele.roundTrips
        const answer = await type(adele, text)
        expectFound(answer, person)
        expect(adele.roundTrips - before, text).toBeLessThanOrEqual(2)
        const after = adele.roundTrips
        expect(await type(adele, text), text).toEqual(answer)
        expect(adele.roundTrips, text).toBe(after)
      }
    },
    120_000,
  )
})
