import type { FaultSetting } from '../faults.ts'
import { GraphError } from './graph-error.ts'

const RETRY_AFTER_SECONDS = 10

/** Directory and files are throttled by different services with different errors. */
export function throttled(path: string, setting: FaultSetting): GraphError {
  const headers = { 'retry-after': String(setting.retryAfterSeconds ?? RETRY_AFTER_SECONDS) }
  if (/^\/v1\.0\/(?:me\/drive|drives|sites)\b/.test(path)) {
    const message = 'The request has been throttled'
    return new GraphError(429, 'activityLimitReached', message, {
      innerCode: 'throttledRequest',
      headers,
    })
  }
  return new GraphError(429, 'TooManyRequests', 'Too many requests.', {
    headers: {
      ...headers,
      'x-ms-throttle-scope': 'Tenant_Application/ReadWrite',
      'x-ms-throttle-information': 'ResourceUnitLimitExceeded',
    },
  })
}

/** A 503 carries Retry-After only when the service knows the delay. */
export function outage(setting: FaultSetting): GraphError {
  const { retryAfterSeconds } = setting
  return new GraphError(503, 'serviceNotAvailable', 'The service is temporarily unavailable.', {
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  })
}

/** Resource units that a request takes from the tenant's bucket. Unlisted paths cost one. */
const COSTS: readonly (readonly [path: RegExp, units: number])[] = [
  [/\/transitiveMembers\b/, 5],
  [/\/checkMemberGroups\b/, 4],
  [/\/(?:members|getByIds)\b/, 3],
  [/\/(?:users|transitiveMemberOf|getMemberObjects)\b/, 2],
]

export function resourceUnitsOf(url: URL): number {
  const [, cost = 1] = COSTS.find(([path]) => path.test(url.pathname)) ?? []
  const top = Number(url.searchParams.get('$top') ?? '100')
  const savings = (url.searchParams.has('$select') ? 1 : 0) + (top < 20 ? 1 : 0)
  return Math.max(1, cost - savings)
}
