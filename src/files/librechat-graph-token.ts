import { EntradaFailure, FAILURES } from '../failure.ts'
import { createLog } from '../log.ts'
import { refuseOtherSites } from '../http/fetch-metadata.ts'
import { CHALLENGE } from '../http/problem.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import { filesAccess, type FilesDeps } from './access.ts'
import { issuePickerToken } from './picker-token.ts'

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
    const log = createLog(crypto.randomUUID())
    const headers = { 'cache-control': 'no-store' }
    try {
      // Other sites cannot read the token, and must not make a browser ask for one either.
      refuseOtherSites(request)
      const access = filesAccess(deps, session, settings)
      const scopes = readScopes(new URL(request.url).searchParams)
      const ask = { resource: resourceOf(scopes, settings), renew: false }
      const { value, expiresAt } = await issuePickerToken(ask, { ...access, session, log })
      const answer = {
        access_token: value,
        token_type: 'Bearer',
        expires_in: Math.max(0, expiresAt - Math.floor(Date.now() / 1000)),
        scope: scopes.join(' '),
      }
      return Response.json(answer, { headers })
    } catch (cause) {
      if (!(cause instanceof EntradaFailure)) throw cause
      const { code, status, details } = cause
      // LibreChat's client shows `message` and knows no other member.
      const message = details.detail ?? FAILURES[code].title
      return Response.json(
        { message, code, requestId: log.requestId },
        {
          status,
          headers: { ...headers, ...(status === 401 ? CHALLENGE : {}), 'entrada-error': code },
        },
      )
    }
  }
}

function readScopes(query: URLSearchParams): readonly string[] {
  const scopes = query.get('scopes')?.match(/[^\s,]+/g) ?? []
  if (scopes.length > 0 && scopes.length <= 10) return scopes
  throw new EntradaFailure('invalid_request', { detail: 'scopes is required.' })
}

/** The one host all of the scopes are for. Whether it is a host of the user's is for the broker to say. */
function resourceOf(scopes: readonly string[], { files }: Settings): string {
  const configured = files.sharePointScope.split('/').at(-1)
  const resources = scopes.map((scope) => {
    const [, host, name = ''] = /^(.+)\/(.+)$/.exec(scope) ?? []
    if (host !== undefined && (name === configured || READING.has(name))) return host
    throw new EntradaFailure('picker_host_refused', {
      detail: 'Only the picker’s SharePoint scope is handed out. Graph tokens stay here.',
    })
  })
  const [resource = '', ...others] = new Set(resources)
  if (others.length === 0) return resource
  throw new EntradaFailure('invalid_request', { detail: 'One token is for one host.' })
}
