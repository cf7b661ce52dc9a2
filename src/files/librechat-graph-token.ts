import { EntradaFailure, FAILURES } from '../failure.ts'
import { createLog } from '../log.ts'
import type { SharePointOrigin, AccessToken } from '../session/access-token.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import { filesAccess, type FilesDeps } from './files-access.ts'
import { brokerToken } from './token-broker.ts'

export const GRAPH_TOKEN_PATH = '/api/auth/graph-token'

export type GraphTokenRoute = (request: Request, session: Session) => Promise<Response>

/** Reading, and whatever has been consented to; the token is the same for all of them. */
const READING: ReadonlySet<string> = new Set(['.default', 'AllSites.Read', 'MyFiles.Read'])

/**
 * `GET /api/auth/graph-token?scopes=`, in LibreChat's shape. There it hands out any consented permission; here
 * it is the picker's token and nothing else: one SharePoint host of the user's own, like `/.entrada/picker/token`.
 * Tokens for Graph stay at the edge, and files come from `/.entrada/files/…/content`.
 */
export function librechatGraphToken(
  deps: Pick<FilesDeps, 'graph' | 'lookups'>,
  settings: Settings,
): GraphTokenRoute {
  return async (request, session) => {
    const requestId = crypto.randomUUID()
    try {
      refuseOtherSites(request)
      const { hosts, microsoft } = filesAccess(deps, session, settings)
      const scopes = readScopes(new URL(request.url).searchParams)
      const resource = resourceOf(scopes, settings)
      const ask = { resource, renew: false }
      const token = await brokerToken(ask, {
        session,
        microsoft,
        hosts,
        log: createLog(requestId),
      })
      return answer(token, scopes)
    } catch (cause) {
      if (!(cause instanceof EntradaFailure)) throw cause
      return refusal(cause, requestId)
    }
  }
}

function readScopes(query: URLSearchParams): readonly string[] {
  const scopes = (query.get('scopes') ?? '').split(/[\s,]+/).filter((scope) => scope !== '')
  if (scopes.length > 0 && scopes.length <= 10) return scopes
  throw new EntradaFailure('invalid_request', { detail: 'scopes is required.' })
}

/** The one host all of the scopes are for. Whether it is a host of the user's is for the broker to say. */
function resourceOf(scopes: readonly string[], { files }: Settings): string {
  const configured = files.sharePointScope.slice(files.sharePointScope.lastIndexOf('/') + 1)
  const resources = scopes.map((scope) => {
    const cut = scope.lastIndexOf('/')
    const name = scope.slice(cut + 1)
    if (cut > 0 && (name === configured || READING.has(name))) return scope.slice(0, cut)
    throw new EntradaFailure('picker_host_refused', {
      detail: 'Only the SharePoint scope of the file picker is handed out. Graph tokens stay here.',
    })
  })
  const [resource = '', ...others] = new Set(resources)
  if (others.length === 0) return resource
  throw new EntradaFailure('invalid_request', { detail: 'One token is for one host.' })
}

function answer({ value, expiresAt }: AccessToken<SharePointOrigin>, scopes: readonly string[]) {
  const body = {
    access_token: value,
    token_type: 'Bearer',
    expires_in: Math.max(0, expiresAt - Math.floor(Date.now() / 1000)),
    scope: scopes.join(' '),
  }
  return Response.json(body, { headers: { 'cache-control': 'no-store' } })
}

/** LibreChat's client shows `message` and knows no other member. */
function refusal({ code, status, details }: EntradaFailure, requestId: string): Response {
  const message = details.detail ?? FAILURES[code].title
  const headers = { 'cache-control': 'no-store', 'entrada-error': code }
  return Response.json({ message, code, requestId }, { status, headers })
}

/** A GET that gives a token: other sites could not read it, and are not given one to throw away either. */
function refuseOtherSites({ headers }: Request): void {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') throw new EntradaFailure('cross_site_refused')
}
