import { record } from './picked-items.ts'

export interface TokenRequest {
  /** Origin of a SharePoint host. */
  readonly resource: string
  /** The one given before was refused or has expired. */
  readonly renew?: boolean
  /** Claims challenge of the host, JSON. */
  readonly claims?: string
}

/** Why there is no token, in words for a person, and where to go about it. */
export interface Problem {
  readonly title: string
  readonly detail?: string | undefined
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  /** Where the person can allow it or sign in again; always ours. */
  readonly remedyUrl?: string | undefined
}

export type TokenAnswer =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly problem: Problem }

const TOKEN_PATH = '/.entrada/picker/token'
const DEADLINE_MS = 30_000

/** Asks Entrada for a token of one SharePoint host. It is handed on and not kept. */
export async function askForToken(request: TokenRequest): Promise<TokenAnswer> {
  try {
    const response = await fetch(TOKEN_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    const body = record(await response.json().catch(() => null))
    const { token } = body
    if (response.ok && typeof token === 'string') return { ok: true, token }
    return { ok: false, problem: readProblem(body) }
  } catch {
    return { ok: false, problem: UNREACHABLE }
  }
}

/** Why this page has no picker to open: what its address answers to a script. `null` when it has one by now. */
export async function askWhy(): Promise<Problem | null> {
  try {
    const response = await fetch(location.href, { headers: { accept: 'application/json' } })
    return response.ok ? null : readProblem(record(await response.json().catch(() => null)))
  } catch {
    return UNREACHABLE
  }
}

const UNREACHABLE: Problem = {
  title: 'The connection was lost',
  detail: 'Check your network and try again.',
}

function readProblem(body: Readonly<Record<string, unknown>>): Problem {
  return {
    title: text(body['title']) ?? 'The file picker could not be opened',
    detail: text(body['detail']),
    code: text(body['code']),
    requestId: text(body['requestId']),
    remedyUrl: ownUrl(body['consentUrl']) ?? ownUrl(body['loginUrl']),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function ownUrl(value: unknown): string | undefined {
  const url = URL.parse(text(value) ?? '')
  return url?.origin === location.origin ? url.href : undefined
}
