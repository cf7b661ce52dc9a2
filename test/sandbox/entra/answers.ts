export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** The members that every error response of the token endpoint contains. */
export function refused(error: string, code: number) {
  return {
    status: error === 'invalid_client' ? 401 : 400,
    body: { error, error_codes: [code] },
  }
}

/** An OAuth error as the application receives it at its redirect URI. */
export function errorOf({ searchParams }: URL) {
  return {
    error: searchParams.get('error'),
    aadsts:
      /^AADSTS(\d+): .+ Trace ID: [\w-]+ Correlation ID: [\w-]+ Timestamp: [-\d]+ [:\d]+Z$/.exec(
        searchParams.get('error_description') ?? '',
      )?.[1] ?? null,
    state: searchParams.get('state'),
  }
}

/** Decodes a token's claims without verifying its signature; other tests verify signatures. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const [, payload] = String(token).split('.')
  return recordOf(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()))
}

/** Requires a value to be a JSON object. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('not an object')
  return { ...value }
}
