import type { CAST as Cast } from '../sandbox/directory/cast.ts'
import { CAST } from '../sandbox/directory/cast.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { clock } from '../support/clock.ts'
import type { Browser } from '../support/browser/browser.ts'
import { anEntrada, type Entrada, type TestSettings } from '../support/entrada.ts'

export const ALL_SCOPES = ['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'] as const

export interface PeopleAnswer {
  readonly query: string
  readonly limit: number
  readonly types: readonly string[]
  readonly results: readonly PeopleResult[]
  readonly count: number
  readonly sources: { readonly local: number; readonly entra: number }
  readonly status: Readonly<Record<'people' | 'users' | 'groups' | 'local', string>>
}

export interface PeopleResult {
  readonly id: null
  readonly type: 'user' | 'group'
  readonly name: string
  readonly email?: string
  readonly username?: string
  readonly avatar?: string
  readonly source: string
  readonly idOnTheSource: string
  readonly description?: string
}

export interface SearcherOptions {
  readonly who?: keyof typeof Cast
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
    const answer: PeopleAnswer = JSON.parse(await response.text())
    return answer
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
    const batch: { requests: readonly { url: string }[] } = JSON.parse(this.#bodies.at(-1) ?? '')
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
