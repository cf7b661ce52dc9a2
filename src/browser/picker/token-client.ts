import { record, text } from './picked-items.ts'

/** The body of `POST /.entrada/picker/token`. */
export interface TokenRequest {
  /** Origin of a SharePoint host. */
  readonly resource: string
  /** The host has refused the last token, or it has expired. */
  readonly renew?: boolean | undefined
  /** The host's claims challenge: a JSON object as text. */
  readonly claims?: string | undefined
}

/** What to tell the person, and where the person can solve it. */
export interface Problem {
  readonly title: string
  readonly detail?: string | undefined
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  /** Entrada's URL to consent or to sign in again. */
  readonly remedyUrl?: string | undefined
}

/** A token, or why there is none. */
export type TokenAnswer =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly problem: Problem }

const DEADLINE_MS = 30_000

/** Asks Entrada for a token of one SharePoint host. The page keeps no copy. */
export function askForToken(request: TokenRequest): Promise<TokenAnswer> {
  return ask('/.entrada/picker/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
}

/** Asks for the problem of a page without a picker, by fetching its own URL. `ok` when the problem has passed. */
export function askForProblem(): Promise<TokenAnswer> {
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
    const detail = 'Check your network, then try again.'
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
