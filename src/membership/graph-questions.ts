import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'
import type { Graph, GraphRequest, GraphTokens } from '../graph/graph.ts'
import { unknownMembership, type UnknownReason } from './unknown-membership.ts'

/** Somebody waits in front of a shut door, or behind one that should perhaps be shut. */
const BUDGET_MS = 10_000
const CALL_MS = 4_000
const MOST_ATTEMPTS = 4
const FIRST_PAUSE_MS = 250
/** At 999 a page this is more groups than Entra lets anyone be in. */
const MOST_PAGES = 50

/** An answer, or a refusal that the asker may know what to do about. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: GraphError }

interface Later {
  readonly reason: UnknownReason
  readonly retryAfter: number | null
  readonly cause?: unknown
}

/**
 * What one check asks Graph on behalf of the person it is about. Asked again within one budget, and answered
 * whole or not at all: a page that is missing must not look like a group the person is not in.
 */
export class GraphQuestions {
  readonly tokens: GraphTokens
  readonly #graph: Graph
  readonly #bucket: string
  /** Counted from the first question. */
  #endsAt: number | null = null

  constructor(graph: Graph, tokens: GraphTokens, tenantId: string) {
    this.#graph = graph
    this.tokens = tokens
    this.#bucket = `${tenantId}/membership`
  }

  /** @throws EntradaFailure `membership_unknown` */
  async ask<T>(request: GraphRequest, schema: v.GenericSchema<unknown, T>): Promise<Reply<T>> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(request, schema)
      if ('ok' in outcome) return outcome
      const { reason, retryAfter, cause } = outcome
      const pause = retryAfter === null ? FIRST_PAUSE_MS * 2 ** (attempt - 1) : retryAfter * 1000
      if (attempt === MOST_ATTEMPTS || pause >= this.#left) {
        throw unknownMembership(reason, { retryAfter, cause })
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  /**
   * Every item of a collection, however many pages it takes.
   * @throws EntradaFailure `membership_unknown`, also when a page after the first is refused
   */
  async collect<T>(
    first: GraphRequest,
    item: v.GenericSchema<unknown, T>,
  ): Promise<Reply<readonly T[]>> {
    const page = v.object({ value: v.array(item), '@odata.nextLink': v.optional(v.string()) })
    const items: T[] = []
    const visited = new Set<string>()
    for (let request = first; ;) {
      const reply = await this.ask(request, page)
      if (!reply.ok) {
        if (request === first) return reply
        throw unknownMembership('graph_refused')
      }
      items.push(...reply.value.value)
      const next = reply.value['@odata.nextLink']
      if (next === undefined) return { ok: true, value: items }
      if (visited.has(next) || visited.size === MOST_PAGES) {
        throw unknownMembership('graph_unexpected')
      }
      visited.add(next)
      request = { path: next, ...(first.headers === undefined ? {} : { headers: first.headers }) }
    }
  }

  async #attempt<T>(
    request: GraphRequest,
    schema: v.GenericSchema<unknown, T>,
  ): Promise<Reply<T> | Later> {
    if (this.#left <= 0) throw unknownMembership('graph_unavailable')
    const deadlineMs = Math.min(CALL_MS, this.#left)
    let answer
    try {
      answer = await this.#graph.call(this.tokens, { ...request, bucket: this.#bucket, deadlineMs })
    } catch (cause) {
      return laterBecauseOf(cause)
    }
    if (!answer.ok) return ofError(answer.error)
    const body: unknown = await answer.response.json().catch(() => null)
    const parsed = v.safeParse(schema, body)
    if (!parsed.success) return { reason: 'graph_unexpected', retryAfter: null }
    return { ok: true, value: parsed.output }
  }

  get #left(): number {
    this.#endsAt ??= Date.now() + BUDGET_MS
    return this.#endsAt - Date.now()
  }
}

function laterBecauseOf(cause: unknown): Later {
  if (!(cause instanceof EntradaFailure)) throw cause
  const { code } = cause
  if (code === 'graph_unavailable') return { reason: code, retryAfter: null, cause }
  if (code === 'membership_unknown') throw cause
  // No token to ask with; whoever keeps the tokens has tried.
  throw unknownMembership(code === 'graph_unexpected' ? code : 'token_refused', { cause })
}

function ofError(error: GraphError): Reply<never> | Later {
  const { status, retryAfter } = error
  if (status === 429) return { reason: 'graph_throttled', retryAfter }
  if (status >= 500) return { reason: 'graph_unavailable', retryAfter }
  if (status === 401) throw unknownMembership('token_refused')
  return { ok: false, error }
}
