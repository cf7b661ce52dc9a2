import { AadstsError } from './aadsts.ts'

/** The policy that the `entra.conditional_access` fault simulates. */
const POLICY_ID = 'c2f1c7ab-7a3e-4b8e-9d0a-5f3a0c5f7d10'

/** A demand to satisfy interactively before a token is issued, e.g. `capolids=…` or `acrs=c1`. */
export type ClaimDemand = string

export const POLICY_DEMAND: ClaimDemand = `capolids=${POLICY_ID}`

/** The challenge that Entra sends with AADSTS50076, in Entra's format. */
export const POLICY_CHALLENGE = JSON.stringify({
  access_token: { capolids: { essential: true, values: [POLICY_ID] } },
})

export interface ClaimsRequest {
  /** The client handles claims challenges (`xms_cc` = `cp1`), so its tokens are long-lived. */
  readonly announcesContinuousAccess: boolean
  readonly demands: readonly ClaimDemand[]
  /** The challenge to send again when the demands are not met. */
  readonly challenge: string
}

/**
 * Parses the `claims` parameter (OpenID Connect Core §5.5). `nbf` asks for a token issued after a
 * given time. Every new token satisfies it, so it adds no demand.
 */
export function readClaimsRequest(value: string | null): ClaimsRequest {
  if (value === null || value === '') {
    return { announcesContinuousAccess: false, demands: [], challenge: '' }
  }
  const wanted = Object.entries(recordAt(parse(value), 'access_token'))
  const demands = wanted.flatMap(([claim, request]) =>
    claim === 'xms_cc' || claim === 'nbf'
      ? []
      : valuesOf(request).map((text) => `${claim}=${text}`),
  )
  return {
    announcesContinuousAccess: wanted.some(
      ([claim, request]) => claim === 'xms_cc' && valuesOf(request).includes('cp1'),
    ),
    demands,
    challenge: value,
  }
}

function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new AadstsError(9002313, "The 'claims' parameter is not JSON.")
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recordAt(value: unknown, member: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new AadstsError(9002313, "The 'claims' parameter is not an object.")
  const inner = value[member]
  return isRecord(inner) ? inner : {}
}

function valuesOf(request: unknown): readonly string[] {
  if (!isRecord(request)) return ['']
  if (Array.isArray(request['values'])) return request['values'].map(String)
  return [typeof request['value'] === 'string' ? request['value'] : '']
}
