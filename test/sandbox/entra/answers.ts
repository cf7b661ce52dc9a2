export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** What a refusal of the token endpoint must contain. */
export function refused(error: string, code: number) {
  return {
    status: error === 'invalid_client' ? 401 : 400,
    body: { error, error_codes: [code] },
  }
}

/** An error as the application hears of it at its redirect URI. */
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

/** Claims of a token whose signature other tests look at. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const [, payload] = String(token).split('.')
  return recordOf(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()))
}

/** An object of JSON. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('not an object')
  return { ...value }
}
