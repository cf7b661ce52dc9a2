import { readBody } from '../request-body.ts'
import { OAuthFailure } from './oauth-refusal.ts'

/** Parameters of a request, each given once at most (RFC 6749 §3.1); an empty one counts as left out. */
export type Parameters = ReadonlyMap<string, string>

/** @throws OAuthRefusal `invalid_request` */
export function readParameters(given: URLSearchParams): Parameters {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of given) {
    if (seen.has(name)) throw new OAuthFailure('invalid_request', 'A parameter was given twice.')
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/** @throws OAuthRefusal `invalid_request` */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new OAuthFailure('invalid_request', `${name} is missing.`)
  return value
}

/** @throws OAuthRefusal `invalid_request`, EntradaFailure `body_too_large` */
export async function readFormParameters(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    throw new OAuthFailure('invalid_request', 'Expected application/x-www-form-urlencoded.')
  }
  return new URLSearchParams(await (await readBody(request)).text())
}
