import { describe, expect, test } from 'vitest'
import { fileFailureOf } from '../../src/files/file-errors.ts'
import type { GraphError } from '../../src/graph/graph-error.ts'

function refused(status: number, codes: readonly string[], more: Partial<GraphError> = {}) {
  const error = { status, codes, retryAfter: null, claims: null, requestId: 'r-1', ...more }
  return fileFailureOf(error)
}

/** Errors that Graph documents for drive items, and others that it is known to send. */
describe('a Graph error about a file', () => {
  test.each<[number, readonly string[], string]>([
    [400, ['invalidRequest'], 'file_not_found'],
    [400, ['BadRequest'], 'file_not_found'],
    [401, ['InvalidAuthenticationToken'], 'graph_refused'],
    [402, ['paymentRequired'], 'graph_unexpected'],
    [403, ['accessDenied'], 'file_forbidden'],
    [403, [], 'file_forbidden'],
    [403, ['Authorization_RequestDenied'], 'file_forbidden'],
    [403, ['accessDenied', 'accessRestricted'], 'file_blocked_by_policy'],
    [403, ['accessDenied', 'blockedByPolicy'], 'file_blocked_by_policy'],
    [403, ['accessDenied', 'unmanagedDeviceBlocked'], 'file_blocked_by_policy'],
    [403, ['accessDenied', 'networkLocationBlocked'], 'file_blocked_by_policy'],
    [403, ['accessDenied', 'restrictedApp'], 'file_blocked_by_policy'],
    [403, ['notAllowed'], 'file_blocked_by_policy'],
    [403, ['malwareDetected'], 'file_infected'],
    [403, ['malwareDetected', 'virusSuspicious'], 'file_infected'],
    [403, ['notAllowed', 'virusSuspicious'], 'file_infected'],
    [404, ['itemNotFound'], 'file_not_found'],
    [404, ['ResourceNotFound'], 'file_not_found'],
    [409, ['nameAlreadyExists'], 'file_changed'],
    [410, ['resyncRequired'], 'file_not_found'],
    [412, ['resourceModified'], 'file_changed'],
    [416, ['invalidRange'], 'range_not_satisfiable'],
    [423, ['notAllowed', 'resourceLocked'], 'file_locked'],
    [429, ['activityLimitReached'], 'graph_throttled'],
    [403, ['activityLimitReached'], 'graph_throttled'],
    [429, ['paused'], 'graph_throttled'],
    [500, ['generalException'], 'graph_unavailable'],
    [502, [], 'graph_unavailable'],
    [503, ['serviceNotAvailable'], 'graph_unavailable'],
    [504, [], 'graph_unavailable'],
    [509, ['activityLimitReached'], 'graph_throttled'],
  ])('%i %j becomes %s', (status, codes, code) => {
    expect(refused(status, codes).code).toBe(code)
  })

  test.each([
    ['unmanagedDeviceBlocked', /managed devices/],
    ['networkLocationBlocked', /network/],
    ['restrictedApp', /this app/],
    ['accessRestricted', /which policy/],
  ])('names the kind of policy: %s', (inner, words) => {
    expect(refused(403, ['accessDenied', inner]).details.detail).toMatch(words)
  })

  test('503 with Retry-After becomes graph_throttled', () => {
    const failure = refused(503, ['serviceNotAvailable'], { retryAfter: 30 })
    expect(failure).toMatchObject({ code: 'graph_throttled', details: { retryAfter: 30 } })
  })

  test.each([
    [429, 7],
    [423, 9],
    [500, 11],
  ])('%i passes Retry-After on', (status, retryAfter) => {
    expect(refused(status, [], { retryAfter }).details.retryAfter).toBe(retryAfter)
  })

  test.each([429, 423, 503])('%i without Retry-After gets a default pause', (status) => {
    expect(refused(status, []).details.retryAfter).toBeGreaterThan(0)
  })

  test.each([401, 403])('%i with a claims challenge becomes interaction_required', (status) => {
    const claims = '{"access_token":{}}'
    const failure = refused(status, ['accessDenied'], { claims })
    expect(failure).toMatchObject({ code: 'interaction_required', details: { claims } })
  })

  test.each([400, 406, 415, 422, 501])(
    '%i to a conversion becomes file_not_convertible',
    (status) => {
      const error = { status, codes: [], retryAfter: null, claims: null, requestId: null }
      expect(fileFailureOf(error, { asPdf: true }).code).toBe('file_not_convertible')
    },
  )

  test('carries Microsoft’s request id and none of its text', () => {
    const failure = refused(403, ['accessDenied'])
    expect(failure.details).toEqual({ correlationId: 'r-1' })
  })
})
