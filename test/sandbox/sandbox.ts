import { AccessTokens } from './access-tokens.ts'
import { createDemoChat } from './chat/chat.ts'
import { createControl } from './control/control.ts'
import type { Directory } from './directory/directory.ts'
import { createDirectories } from './directory/generate.ts'
import { Drives } from './drives/drives.ts'
import { createEntra } from './entra/entra.ts'
import { EntraState } from './entra/entra-state.ts'
import { Faults } from './faults.ts'
import { createGraph } from './graph/graph.ts'
import { MICROSOFT_HOSTS, type SandboxHosts } from './hosts.ts'
import { Journal } from './journal.ts'
import { DEFAULT_REGISTRATION, type Registration } from './registration.ts'
import { createSharePoint } from './sharepoint/sharepoint.ts'

/** What the simulated hosts share. Each `create…` takes it and returns one handler per host. */
export interface SandboxWorld {
  readonly hosts: SandboxHosts
  readonly tenants: readonly Directory[]
  readonly drives: Drives
  readonly accessTokens: AccessTokens
  readonly faults: Faults
  readonly journal: Journal
  /** State of the sign-in service, and what its administrator can change. */
  readonly entra: EntraState
  /** Tests replace it to change the registration as an operator would in the portal. */
  registration: Registration
}

export type HostHandler = (request: Request) => Response | Promise<Response>

export interface SandboxOptions {
  readonly hosts?: SandboxHosts
  readonly registration?: Partial<Registration>
  /** Size of the generated directory beside the cast. */
  readonly people?: number
  readonly groups?: number
  readonly seed?: number
}

export interface Sandbox extends SandboxWorld {
  /** Answers for every simulated host. Any other host is an error: no test may reach the internet. */
  fetch(request: Request): Promise<Response>
  /** One handler per host, to be served on its own port. */
  readonly handlers: Readonly<Record<keyof SandboxHosts, HostHandler>>
}

export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const hosts = options.hosts ?? MICROSOFT_HOSTS
  const tenants = createDirectories({
    seed: options.seed ?? 1,
    people: options.people ?? 300,
    groups: options.groups ?? 40,
  })
  const surroundings: Omit<SandboxWorld, 'entra'> = {
    hosts,
    tenants,
    drives: new Drives(hosts, tenants),
    accessTokens: new AccessTokens(),
    faults: new Faults(),
    journal: new Journal(),
    registration: { ...DEFAULT_REGISTRATION, ...options.registration },
  }
  const world = Object.assign(surroundings, { entra: new EntraState(surroundings) })
  const sharePoint = createSharePoint(world)
  const handlers = {
    login: createEntra(world),
    graph: createGraph(world),
    ...sharePoint,
    chat: createDemoChat(world),
    control: createControl(world),
  }
  const journaled = Object.fromEntries(
    Object.entries(handlers).map(([host, handler]) => [
      host,
      withJournal(world.journal, host, handler),
    ]),
  ) as unknown as typeof handlers
  const byOrigin = new Map(
    Object.entries(hosts).map(([host, origin]) => [origin, journaled[host as keyof SandboxHosts]]),
  )
  return Object.assign(world, {
    handlers: journaled,
    async fetch(request: Request) {
      const handler = byOrigin.get(new URL(request.url).origin)
      if (handler !== undefined) return handler(request)
      await withJournal(world.journal, 'unknown', () => new Response())(request)
      throw new TypeError(
        `fetch failed: no such host in the sandbox: ${new URL(request.url).origin}`,
      )
    },
  })
}

function withJournal(journal: Journal, host: string, handler: HostHandler): HostHandler {
  return async (request) => {
    const isForm = request.headers
      .get('content-type')
      ?.startsWith('application/x-www-form-urlencoded')
    journal.record({
      host,
      method: request.method,
      url: new URL(request.url),
      headers: new Headers(request.headers),
      form: new URLSearchParams(isForm === true ? await request.clone().text() : ''),
    })
    return handler(request)
  }
}
