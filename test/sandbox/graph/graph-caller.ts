import { CAST, CONTOSO } from '../directory/cast.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../sandbox.ts'

/** Every permission that Entrada may ever have at Graph. */
export const ALL_SCOPES: readonly string[] = [
  'User.Read',
  'People.Read',
  'User.ReadBasic.All',
  'GroupMember.Read.All',
  'Files.Read.All',
  'Sites.Read.All',
]

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /**
   * Parsed JSON, or `null` for anything else. Untyped on purpose: each test states what it expects.
   */
  readonly body: Readonly<Record<string, unknown>>
}

export interface GraphCaller {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  raw(path: string, init?: RequestInit): Promise<Response>
}

export interface Who {
  readonly id: string
  readonly scopes?: readonly string[]
  readonly tenantId?: string
  readonly audience?: string
  readonly expiresAt?: number
}

export function aSandbox(options: SandboxOptions = {}): Sandbox {
  return createSandbox({ people: 200, groups: 30, ...options })
}

/** Calls the sandbox's Graph as one person, with a new token. */
export function calling(sandbox: Sandbox, who: Who = CAST.adele): GraphCaller {
  const token = sandbox.accessTokens.mint({
    tenantId: who.tenantId ?? CONTOSO,
    userId: who.id,
    clientId: sandbox.registration.clientId,
    audience: who.audience ?? sandbox.hosts.graph,
    scopes: who.scopes ?? ALL_SCOPES,
    expiresAt: who.expiresAt ?? Date.now() + 3_600_000,
  })
  const raw = (path: string, init: RequestInit = {}) => {
    const url = path.startsWith('https://') ? path : `${sandbox.hosts.graph}${path}`
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return sandbox.fetch(new Request(url, { ...init, headers }))
  }
  return {
    raw,
    get: async (path, headers = {}) => readAnswer(await raw(path, { headers })),
    post: async (path, body, headers = {}) =>
      readAnswer(
        await raw(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      ),
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  const body: unknown = isJson ? await response.json() : null
  return { status: response.status, headers: response.headers, body: isRecord(body) ? body : {} }
}

/** The `value` of a collection. */
export function valueOf(answer: Answer): readonly Readonly<Record<string, unknown>>[] {
  const value = answer.body['value']
  if (!Array.isArray(value)) throw new TypeError(`no collection: ${JSON.stringify(answer.body)}`)
  return value.filter(isRecord)
}

export function codeOf(answer: Answer): unknown {
  const error = answer.body['error']
  return isRecord(error) ? error['code'] : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
