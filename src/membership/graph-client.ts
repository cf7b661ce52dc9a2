import { readJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'
import type { Graph, GraphRequest, GraphTokens } from '../graph/graph.ts'

/** Why a membership check failed: the key goes to the log, the sentence to the page. */
const REASONS = {
  overage:
    'You are in too many groups for a sign-in to list. Whoever runs this chat has to set OPENID_REQUIRED_ROLE_TOKEN_KIND to auto',
  unreadable_claim: 'The list of your groups has an unknown format',
  no_id_token: 'Microsoft did not confirm your account again',
  ambiguous_name:
    'Two groups have a name that the access rule uses. Whoever runs this chat has to use object ids instead',
  not_permitted:
    'This app may not look up groups. Whoever runs this chat has to grant it GroupMember.Read.All, or use object ids instead of names',
  token_refused: 'Microsoft 365 did not accept your sign-in',
  graph_throttled: FAILURES.graph_throttled.title,
  graph_unavailable: FAILURES.graph_unavailable.title,
  graph_unexpected: FAILURES.graph_unexpected.title,
  graph_refused: FAILURES.graph_refused.title,
} as const

export type MembershipCheckFailure = keyof typeof REASONS

/** The failure of a check without a result. Fails closed: it must never count as "no groups". */
export function membershipCheckFailed(
  reason: MembershipCheckFailure,
  more: { readonly retryAfter?: number | null; readonly cause?: unknown } = {},
): EntradaFailure {
  return new EntradaFailure('membership_unknown', {
    reason,
    detail: `${REASONS[reason]}.`,
    retryAfter: more.retryAfter ?? undefined,
    cause: more.cause,
  })
}

/** Total time budget: a sign-in or a request waits for the check. */
const BUDGET_MS = 10_000
const CALL_MS = 4_000
const MAX_ATTEMPTS = 4
const FIRST_PAUSE_MS = 250
/** With 999 groups a page, more than Entra allows one person. */
const MAX_PAGES = 50

/** Failures that a second attempt may mend. */
const TRANSIENT: ReadonlySet<string | undefined> = new Set<MembershipCheckFailure>([
  'graph_throttled',
  'graph_unavailable',
  'graph_unexpected',
])

/**
 * Asks Graph for one check, with the person's own token. Retries within one time budget. The answer is complete or a
 * failure: a missing page must not look like a group that the person is not in.
 */
export class MembershipGraphClient {
  readonly #graph: Graph
  readonly #tokens: GraphTokens
  readonly #bucket: string
  /** The budget starts with the first request. */
  #endsAtMs: number | null = null

  constructor(graph: Graph, tokens: GraphTokens, tenantId: string) {
    this.#graph = graph
    this.#tokens = tokens
    this.#bucket = `${tenantId}/membership`
  }

  /** Scopes of the person's token. */
  async scopes(): Promise<readonly string[]> {
    const { scopes } = await this.#tokens().catch(failWithoutAnswer)
    return scopes
  }

  /** @throws EntradaFailure `membership_unknown` */
  async ask<T>(request: GraphRequest, schema: v.GenericSchema<unknown, T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(request, schema)
      } catch (cause) {
        if (!(cause instanceof EntradaFailure) || !TRANSIENT.has(cause.details.reason)) throw cause
        const { retryAfter } = cause.details
        const pauseMs =
          retryAfter === undefined ? FIRST_PAUSE_MS * 2 ** (attempt - 1) : retryAfter * 1000
        if (attempt === MAX_ATTEMPTS || pauseMs >= this.#leftMs) throw cause
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /**
   * Every item of a collection, however many pages it takes.
   * @throws EntradaFailure `membership_unknown`
   */
  async collect<T>(first: GraphRequest, item: v.GenericSchema<unknown, T>): Promise<readonly T[]> {
    const page = v.object({ value: v.array(item), '@odata.nextLink': v.optional(v.string()) })
    const items: T[] = []
    const visited = new Set<string>()
    for (let request = first; ;) {
      const { value, '@odata.nextLink': next } = await this.ask(request, page)
      items.push(...value)
      if (next === undefined) return items
      if (visited.has(next) || visited.size === MAX_PAGES) {
        throw membershipCheckFailed('graph_unexpected')
      }
      visited.add(next)
      request = { path: next }
    }
  }

  async #attempt<T>(request: GraphRequest, schema: v.GenericSchema<unknown, T>): Promise<T> {
    if (this.#leftMs <= 0) throw membershipCheckFailed('graph_unavailable')
    const options = { bucket: this.#bucket, deadlineMs: Math.min(CALL_MS, this.#leftMs) }
    const answer = await this.#graph
      .call(this.#tokens, { ...request, ...options })
      .catch(failWithoutAnswer)
    if (!answer.ok) throw failureOf(answer.error)
    const read = await readJson(answer.response, schema)
    if (read === null) throw membershipCheckFailed('graph_unexpected')
    return read
  }

  get #leftMs(): number {
    this.#endsAtMs ??= Date.now() + BUDGET_MS
    return this.#endsAtMs - Date.now()
  }
}

/** Graph did not answer, or there is no token; the token's owner has retried already. */
function failWithoutAnswer(cause: unknown): never {
  if (!(cause instanceof EntradaFailure) || cause.code === 'membership_unknown') throw cause
  const { code } = cause
  const isOfGraph = code === 'graph_unavailable' || code === 'graph_unexpected'
  throw membershipCheckFailed(isOfGraph ? code : 'token_refused', { cause })
}

function failureOf({ status, retryAfter }: GraphError): EntradaFailure {
  if (status === 429) return membershipCheckFailed('graph_throttled', { retryAfter })
  if (status >= 500) return membershipCheckFailed('graph_unavailable', { retryAfter })
  if (status === 401) return membershipCheckFailed('token_refused')
  return membershipCheckFailed(status === 403 ? 'not_permitted' : 'graph_refused')
}

/** Whether Graph refused the request, as opposed to failing. */
export function isRefusal(cause: unknown): boolean {
  const reason = cause instanceof EntradaFailure ? cause.details.reason : null
  return reason === 'not_permitted' || reason === 'graph_refused'
}
