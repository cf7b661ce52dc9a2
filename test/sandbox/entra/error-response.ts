import { type AadstsError, describeError, incidentOf } from './aadsts.ts'

export const NO_STORE = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' } as const

/**
 * The error object of the token endpoint and of discovery: RFC 6749 §5.2 plus Entra's own members.
 */
export function errorResponse(
  error: AadstsError,
  request: Request,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const incident = incidentOf(request)
  const { meaning } = error
  const body = {
    error: meaning.error,
    error_description: describeError(error, incident),
    error_codes: [error.code],
    timestamp: incident.timestamp,
    trace_id: incident.traceId,
    correlation_id: incident.correlationId,
    error_uri: `${new URL(request.url).origin}/error?code=${error.code}`,
    ...(meaning.suberror === undefined ? {} : { suberror: meaning.suberror }),
    ...(error.claims === null ? {} : { claims: error.claims }),
  }
  return Response.json(body, {
    status: statusOf(meaning.error),
    headers: { ...NO_STORE, 'x-ms-request-id': incident.traceId, ...headers },
  })
}

function statusOf(error: string): number {
  if (error === 'invalid_client') return 401
  return error === 'temporarily_unavailable' ? 429 : 400
}
