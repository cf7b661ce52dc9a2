import { EntradaFailure, FAILURES } from '../failure.ts'
import { refuseOtherSites } from '../http/request-metadata.ts'
import type { Log } from '../log.ts'
import { CHALLENGE } from '../http/problem.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import { filesAccess, type FilesDeps } from './access.ts'
import { issuePickerToken } from './picker-token.ts'

/** Responds with LibreChat's JSON, errors included. */
export type GraphTokenRoute = (request: Request, session: Session, log: Log) => Promise<Response>

/** Scope names that LibreChat may ask for; they all bring the same token. */
const READ_SCOPES: ReadonlySet<string> = new Set(['.default', 'AllSites.Read', 'MyFiles.Read'])

/**
 * `GET /api/auth/graph-token?scopes=` in LibreChat's shape. LibreChat's own route gives a token for any consented scope.
 * This one gives only the picker's token, for one of the person's SharePoint hosts, as `/.entrada/picker/token` does.
 * Tokens for Graph stay in Entrada; files come from `/.entrada/files/…/content`.
 */
export function librechatGraphToken(
  deps: Pick<FilesDeps, 'graph' | 'lookups'>,
  settings: Settings,
): GraphTokenRoute {
  return async (request, session, log) => {
    const headers = { 'cache-control': 'no-store' }
    try {
      // Other sites cannot read the token, and must not make a browser ask for one either.
      refuseOtherSites(request)
      const access = filesAccess(deps, session, settings)
      const scopes = readScopes(new URL(request.url).searchParams)
      const picker = { resource: resourceOf(scopes, settings), renew: false }
      const { value, expiresAt } = await issuePickerToken(picker, { ...access, session, log })
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
      // LibreChat's client shows `message` and reads no other member.
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
  throw new EntradaFailure('invalid_request', { detail: '`scopes` needs one to ten scopes.' })
}

/** The one host of all scopes. `issuePickerToken` decides whether it is the person's own. */
function resourceOf(scopes: readonly string[], { files }: Settings): string {
  const configured = files.sharePointScope.split('/').at(-1)
  const resources = scopes.map((scope) => {
    const [, host, name = ''] = /^(.+)\/(.+)$/.exec(scope) ?? []
    if (host !== undefined && (name === configured || READ_SCOPES.has(name))) return host
    throw new EntradaFailure('picker_host_refused', {
      detail: 'Only the picker’s SharePoint scope is available here, no Graph scope.',
    })
  })
  const [resource = '', ...others] = new Set(resources)
  if (others.length === 0) return resource
  throw new EntradaFailure('invalid_request', { detail: 'All scopes must be for the same host.' })
}
