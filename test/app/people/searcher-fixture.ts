import * as v from 'valibot'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'

export const ALL_SCOPES = ['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'] as const

/** The status of a search all of which was asked. */
export const OK = { people: 'ok', users: 'ok', groups: 'ok', local: 'off' }

/** Longer than an access token of these searches lives. */
export const TOKEN_LIFE_SECONDS = 2 * 3600

const Result = v.strictObject({
  id: v.null(),
  type: v.picklist(['user', 'group']),
  name: v.string(),
  email: v.optional(v.string()),
  username: v.optional(v.string()),
  avatar: v.optional(v.string()),
  source: v.literal('entra'),
  idOnTheSource: v.string(),
  description: v.optional(v.string()),
})
const Status = v.picklist(['ok', 'off', 'consent_needed', 'throttled', 'failed'])
const Answer = v.strictObject({
  query: v.string(),
  limit: v.number(),
  types: v.array(v.string()),
  results: v.array(Result),
  count: v.number(),
  sources: v.strictObject({ local: v.literal(0), entra: v.number() }),
  status: v.strictObject({ people: Status, users: Status, groups: Status, local: Status }),
})
const Members = v.strictObject({
  id: v.string(),
  transitive: v.boolean(),
  members: v.array(Result),
  count: v.number(),
  withheld: v.number(),
  next: v.nullable(v.string()),
})
const Batch = v.object({ requests: v.array(v.object({ url: v.string() })) })

export type PeopleAnswer = v.InferOutput<typeof Answer>
export type MembersAnswer = v.InferOutput<typeof Members>

export async function answerOf(response: Response): Promise<PeopleAnswer> {
  return v.parse(Answer, await response.json())
}

export async function membersOf(response: Response): Promise<MembersAnswer> {
  return v.parse(Members, await response.json())
}

export interface SearcherOptions {
  readonly who?: keyof typeof CAST
  readonly scopes?: readonly string[]
  readonly settings?: TestSettings
  readonly sandbox?: Sandbox
  readonly entrada?: Entrada
}

/** Somebody signed in who may search for people. */
export class Searcher {
  readonly entrada: Entrada
  readonly browser: Browser
  readonly #bodies: string[] = []

  constructor(entrada: Entrada, browser: Browser) {
    this.entrada = entrada
    this.browser = browser
    const { hosts } = entrada.sandbox
    entrada.internet.answer(hosts.graph, async (request) => {
      this.#bodies.push(await request.clone().text())
      return entrada.sandbox.fetch(request)
    })
  }

  get sandbox(): Sandbox {
    return this.entrada.sandbox
  }

  fetch(path: string, init?: { readonly signal?: AbortSignal }): Promise<Response> {
    return this.browser.fetch(`/.entrada${path}`, init)
  }

  async search(
    q: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<PeopleAnswer> {
    const response = await this.fetch(`/people?${new URLSearchParams({ q, ...parameters })}`)
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return answerOf(response)
  }

  /** Lets what goes on after the response come to its end, then time pass. */
  async pause(seconds: number): Promise<void> {
    await this.entrada.platform.settle()
    await clock.advance(seconds)
  }

  /** Types a text as somebody does, letter by letter from the second on. */
  async type(text: string): Promise<readonly PeopleAnswer[]> {
    const letters = [...text]
    const answers: PeopleAnswer[] = []
    for (let length = 2; length <= letters.length; length++) {
      answers.push(await this.search(letters.slice(0, length).join('')))
    }
    return answers
  }

  /** Which parts the last round trip asked for, without looking into our own code. */
  partsOfLastBatch(): readonly string[] {
    const batch = v.parse(Batch, JSON.parse(this.#bodies.at(-1) ?? ''))
    const collections = batch.requests.map(({ url }) => url.split('?')[0])
    return collections.map((path) => path?.replace(/^\/(?:me\/)?/, '') ?? '')
  }

  /** HTTP requests to Graph so far. */
  get roundTrips(): number {
    return this.sandbox.journal.to('graph').length
  }
}

export async function aSearcher(options: SearcherOptions = {}): Promise<Searcher> {
  const { who = 'adele', scopes = ALL_SCOPES, settings = {} } = options
  const sandbox = options.entrada?.sandbox ?? options.sandbox ?? createSandbox()
  sandbox.entra.grantAdminConsent(scopes)
  const entrada = options.entrada ?? anEntrada({ sandbox, settings })
  const browser = entrada.browser()
  await browser.signIn(CAST[who].userPrincipalName)
  return new Searcher(entrada, browser)
}

export function names(answer: PeopleAnswer): readonly string[] {
  return answer.results.map(({ name }) => name)
}
