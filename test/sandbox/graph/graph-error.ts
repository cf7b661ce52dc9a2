/** An error response of Graph. Its message is for logs; clients branch on status and code. */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  /** The more specific code in `innerError`, as file errors have it. */
  readonly innerCode: string | null
  /** Returned as SharePoint wrote it: different spelling, no request ids. */
  readonly isVerbatim: boolean
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      readonly innerCode?: string
      readonly isVerbatim?: boolean
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.name = 'GraphError'
    this.status = status
    this.code = code
    this.innerCode = more.innerCode ?? null
    this.isVerbatim = more.isVerbatim ?? false
    this.headers = more.headers ?? {}
  }
}

export interface RequestIds {
  readonly requestId: string
  readonly clientRequestId: string
}

export function renderError(error: GraphError, ids: RequestIds): Response {
  const { code, message, innerCode } = error
  const nested = innerCode === null ? {} : { code: innerCode }
  const inner = error.isVerbatim
    ? { innererror: nested }
    : {
        innerError: {
          ...nested,
          date: new Date().toISOString().slice(0, 19),
          'request-id': ids.requestId,
          'client-request-id': ids.clientRequestId,
        },
      }
  const body = { error: { code, message, ...inner } }
  return Response.json(body, { status: error.status, headers: error.headers })
}

export function denied(): GraphError {
  return new GraphError(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation.',
  )
}

export function resourceNotFound(id: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

/**
 * Errors of the gateway, before any service is called: OData syntax, unknown paths, bad payloads.
 */
export function badRequest(message: string): GraphError {
  return new GraphError(400, 'BadRequest', message)
}

export function unsupportedQuery(message: string): GraphError {
  return new GraphError(400, 'Request_UnsupportedQuery', message)
}

/** A path outside the schema is a bad request, not a missing resource. */
export function noSuchSegment(segment: string): GraphError {
  return badRequest(`Resource not found for the segment '${segment}'.`)
}
