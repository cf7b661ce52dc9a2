import { expect } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox, type HostHandler } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import type { Entrada, EntradaOptions } from '../../support/entrada.ts'
import { secretsOf } from '../../support/secrets.ts'

export const CHECK = '/.entrada/check'
const ORIGIN_SECRET = 'the-chat-demands-this-0123456789-abcdef'
const GRAPH_SCOPES = [
  'User.Read',
  'People.Read',
  'User.ReadBasic.All',
  'GroupMember.Read.All',
  'Files.Read.All',
]

interface Check {
  readonly name: string
  readonly status: string
  readonly detail: string
  readonly fix?: string
}

export interface Answer {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

/** Refuses requests without the secret, as the documents recommend. */
export const locked: HostHandler = ({ headers }) =>
  headers.get('entrada-origin-secret') === ORIGIN_SECRET
    ? new Response('hello')
    : new Response(null, { status: 403 })

export interface OperatorScene {
  readonly entrada: Entrada
  readonly operator: Browser
}

/** Alex is an operator; the setup is correct except for what the test changes. */
export async function anOperatorScene(
  options: EntradaOptions = {},
  chat: HostHandler = locked,
): Promise<OperatorScene> {
  const sandbox = options.sandbox ?? createSandbox({ people: 20, groups: 5 })
  sandbox.entra.grantAdminConsent(GRAPH_SCOPES)
  const settings = { OPENID_ADMIN_ROLE: 'Entrada.Admin', ORIGIN_SECRET, ...options.settings }
  const { entrada } = aGuardedChat({ ...options, sandbox, settings }, chat)
  const operator = entrada.browser()
  await operator.signIn(CAST.alex.userPrincipalName)
  return { entrada, operator }
}

export async function answerFor({ entrada, operator }: OperatorScene): Promise<Answer> {
  const response = await operator.fetch(CHECK)
  const text = await response.clone().text()
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const { sandbox, settings } = entrada
  for (const [secret, what] of secretsOf({ sandbox, settings, jars: [operator.cookies] })) {
    expect([what, text.includes(secret)]).toEqual([what, false])
  }
  return response.json<Answer>()
}

export function named({ checks }: Answer, name: string): Check {
  return checks.find((check) => check.name === name) ?? expect.unreachable(`no check ${name}`)
}

export async function verdictOn(name: string, scene: OperatorScene): Promise<Check> {
  return named(await answerFor(scene), name)
}

/** The sandbox's sign-in service, with one endpoint that the test answers. */
export function answerAt({ entrada }: OperatorScene, ending: string, answer: HostHandler): void {
  const { handlers, hosts } = entrada.sandbox
  entrada.internet.answer(hosts.login, (request) =>
    new URL(request.url).pathname.endsWith(ending) ? answer(request) : handlers.login(request),
  )
}

export const refusal =
  (number: number, error: string): HostHandler =>
  () =>
    Response.json(
      { error, error_codes: [number], error_description: `AADSTS${number}: raw text` },
      { status: error === 'invalid_client' ? 401 : 400 },
    )
