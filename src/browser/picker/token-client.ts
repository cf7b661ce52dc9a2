import { record, text } from './picked-items.ts'

export interface TokenRequest {
  /** Origin of a SharePoint host. */
  readonly resource: string
  /** The one given before was refused or has expired. */
  readonly renew?: boolean | undefined
  /** Claims challenge of the host, JSON. */
  readonly claims?: string | undefined
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

const DEADLINE_MS = 30_000

/** Asks Entrada for a token of one SharePoint host. It is handed on and not kept. */
export function askForToken(request: TokenRequest): Promise<TokenAnswer> {
  return ask('/.entrada/picker/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
}

/** Why this page has no picker to open: what its address answers to a script. `ok` when it has one by now. */
export function askWhy(): Promise<TokenAnswer> {
  return ask(location.href, { headers: { accept: 'application/json' } })
}

async function ask(address: string, init: RequestInit): Promise<TokenAnswer> {
  try {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) })
    const body = record(await response.json().catch(() => null))
    return response.ok
      ? { ok: true, token: text(body['token']) ?? '' }
      : { ok: false, problem: readProblem(body) }
  } catch {
    const detail = 'Check your network and try again.'
    return { ok: false, problem: { title: 'The connection was lost', detail } }
  }
}

function readProblem(body: Readonly<Record<string, unknown>>): Problem {
  return {
    title: text(body['title']) ?? 'The file picker did not appear',
    detail: text(body['detail']),
    code: text(body['code']),
    requestId: text(body['requestId']),
    remedyUrl: ownUrl(body['consentUrl']) ?? ownUrl(body['loginUrl']),
  }
}

function ownUrl(value: unknown): string | undefined {
  const url = URL.parse(text(value) ?? '')
  return url?.origin === location.origin ? url.href : undefined
}
