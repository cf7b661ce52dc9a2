import * as worker from '../../src/worker.ts'
import { CONTOSO } from '../sandbox/directory/cast.ts'
import { createSandbox, type HostHandler, type Sandbox } from '../sandbox/sandbox.ts'
import { HOME } from './addresses.ts'
import { Browser } from './browser/browser.ts'
import type { CookieJar } from './browser/cookie-jar.ts'
import { Internet } from './internet.ts'
import { Logs } from './logs.ts'
import { Platform, type Isolate } from './platform/platform.ts'
import { secretsOf } from './secrets.ts'

/** Values as bindings hold them: texts, and the other types that `[vars]` in wrangler.toml allows. */
export type TestSettings = Readonly<Record<string, string | boolean | readonly string[] | null>>
type EntradaPlatform = Platform<'SESSIONS' | 'USERS' | 'REPLAYS' | 'LOOKUPS' | 'KEYS'>

export interface EntradaOptions {
  /** Added to the defaults; `null` takes one away. */
  readonly settings?: TestSettings
  readonly sandbox?: Sandbox
  /** Runs in another data centre of the same deployment: same storage and objects, own memory. */
  readonly share?: Entrada
  /** Origins that the test answers itself, such as a chat app of its own. */
  readonly hosts?: Readonly<Record<string, HostHandler>>
  /** Bindings that are optional in a deployment. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Bindings that the deployment lacks. */
  readonly without?: readonly string[]
  /** Binds a service as `ORIGIN`. */
  readonly originService?: HostHandler
}

/** Console output of the running test. */
export const logs = new Logs()

const opened = new Set<Entrada>()

/** Entrada as deployed in front of the sandbox's chat, for one test. */
export function anEntrada(options: EntradaOptions = {}): Entrada {
  const entrada = new Entrada(options)
  opened.add(entrada)
  return entrada
}

export function defaultSettings({
  hosts,
  registration,
}: Sandbox): Readonly<Record<string, string>> {
  return {
    DOMAIN_SERVER: HOME,
    ORIGIN_URL: hosts.chat,
    OPENID_ISSUER: `${hosts.login}/${CONTOSO}/v2.0`,
    OPENID_CLIENT_ID: registration.clientId,
    OPENID_CLIENT_SECRET: registration.clientSecrets[0] ?? '',
    OPENID_SESSION_SECRET: 'sealed-with-this-key-in-tests-and-nowhere-else',
    ENABLE_SHAREPOINT_FILEPICKER: 'true',
  }
}

export class Entrada {
  readonly sandbox: Sandbox
  readonly internet: Internet
  readonly platform: EntradaPlatform
  readonly settings: Readonly<Record<string, unknown>>
  readonly logs = logs
  readonly #isolate: Isolate
  readonly #jars: Set<CookieJar>

  constructor(options: EntradaOptions) {
    const { settings = {}, sandbox, share, hosts = {}, originService, without, bindings } = options
    this.sandbox = share?.sandbox ?? sandbox ?? createSandbox()
    this.internet = share?.internet ?? new Internet(this.sandbox)
    this.platform = share?.platform ?? createPlatform(this.internet)
    this.#jars = share === undefined ? new Set() : share.#jars
    for (const [origin, handler] of Object.entries(hosts)) this.internet.answer(origin, handler)
    const merged = { ...(share?.settings ?? defaultSettings(this.sandbox)), ...settings }
    this.settings = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
    this.#isolate = this.platform.isolate(
      {
        ...this.settings,
        ...bindings,
        ...(originService && { ORIGIN: serviceBinding(originService) }),
      },
      without,
    )
  }

  get origin(): string {
    return String(this.settings['DOMAIN_SERVER'])
  }

  get env(): Isolate['env'] {
    return this.#isolate.env
  }

  /** A request as a program sends it, without a browser's headers and cookies. */
  async fetch(target: string | Request, init?: RequestInit): Promise<Response> {
    const request =
      typeof target === 'string' ? new Request(new URL(target, this.origin), init) : target
    return this.#isolate.fetch(request)
  }

  /** A browser without cookies, at an address of its own. */
  browser(address = '203.0.113.7'): Browser {
    const browser = new Browser({ home: this.origin, internet: this.#internetFrom(address) })
    this.#jars.add(browser.cookies)
    return browser
  }

  /** A tab of the browser whose requests reach this isolate. */
  tabOf(browser: Browser, address?: string): Browser {
    return browser.tab(this.#internetFrom(address))
  }

  #internetFrom(address?: string) {
    return async (request: Request) =>
      new URL(request.url).origin === this.origin
        ? this.#isolate.fetch(request, address)
        : this.internet.fetch(request)
  }

  /** What no test may leave behind: unhandled failures, requests to unknown hosts, secrets in logs or storage. */
  async problems(): Promise<readonly string[]> {
    const failures = await this.platform.settle()
    const nowhere = this.sandbox.journal.to('unknown').map(({ url }) => url.origin)
    const secrets = secretsOf({ sandbox: this.sandbox, settings: this.settings, jars: this.#jars })
    const stored = this.platform.dump()
    return [
      ...failures.map((cause) => `work after the response failed: ${String(cause)}`),
      ...nowhere.map((origin) => `a request went to ${origin}, which is not in the sandbox`),
      ...[...secrets].flatMap(([secret, what]) => [
        ...(logs.text.includes(secret) ? [`${what} is in the log`] : []),
        ...(stored.includes(secret) ? [`${what} is stored unencrypted`] : []),
      ]),
    ]
  }
}

/** Called after each test. */
export async function closeEntradas(): Promise<void> {
  const problems = new Set<string>()
  for (const entrada of opened) for (const one of await entrada.problems()) problems.add(one)
  opened.clear()
  if (problems.size > 0) throw new Error([...problems].join('\n'))
}

function createPlatform(internet: Internet): EntradaPlatform {
  return new Platform({
    worker: worker.default,
    objects: {
      SESSIONS: worker.SessionObject,
      USERS: worker.UserObject,
      REPLAYS: worker.ReplayObject,
      LOOKUPS: worker.LookupObject,
      KEYS: worker.KeyObject,
    },
    network: (request) => internet.fetch(request),
  })
}

function serviceBinding(handler: HostHandler) {
  return {
    fetch: async (input: RequestInfo | URL, init?: RequestInit) =>
      handler(new Request(input, init)),
  }
}
