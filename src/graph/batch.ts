import { readJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { graphErrorOf, NO_RESPONSE, type GraphError } from './graph-error.ts'
import type { Graph, GraphRequest, GraphTokens } from './graph.ts'

export interface BatchRequest {
  /** Names the answer. Unique without regard to case. */
  readonly id: string
  readonly method?: 'GET' | 'POST'
  /** Path and query below the version. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly bucket: string
}

export type BatchAnswer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly error: GraphError }

export type BatchAnswers = ReadonlyMap<string, BatchAnswer>

export type BatchOptions = Pick<GraphRequest, 'deadlineMs' | 'isBackground'>

/** Graph's own limit. */
const MOST_REQUESTS = 20

const Answers = v.object({
  responses: v.array(
    v.object({
      id: v.string(),
      status: v.number(),
      headers: v.optional(v.record(v.string(), v.string()), {}),
      body: v.optional(v.unknown()),
    }),
  ),
})

/**
 * Several requests in one round trip, each able to fail alone. Those whose bucket is paused are answered
 * without being sent. A token that some part refuses is renewed once, and those parts are sent again.
 * @throws EntradaFailure `graph_unavailable`, `graph_unexpected`; whatever `tokens` throws
 */
export async function callBatch(
  graph: Graph,
  tokens: GraphTokens,
  requests: readonly BatchRequest[],
  options: BatchOptions = {},
): Promise<BatchAnswers> {
  if (requests.length > MOST_REQUESTS) throw new RangeError('a batch takes at most 20 requests')
  const answers = new Map<string, BatchAnswer>()
  const free: BatchRequest[] = []
  // Asked once per bucket: after a pause a single try is let through, and that is all of its parts.
  for (const [bucket, parts] of byBucket(requests)) {
    const error = graph.pauseOf(bucket)
    if (error === null) free.push(...parts)
    else for (const { id } of parts) answers.set(id, refusal(error))
  }
  let used = ''
  const remembering: GraphTokens = async (again) => {
    const token = await tokens(again)
    used = token.value
    return token
  }
  const isAnswered = await send(graph, remembering, { requests: free, answers, options })
  const refused = free.filter(({ id }) => errorOf(answers, id)?.status === 401)
  // With the whole batch refused, the call has renewed the token already.
  if (!isAnswered || refused.length === 0) return answers
  const claims = refused.map(({ id }) => errorOf(answers, id)?.claims).find(Boolean)
  const renewed = await tokens({ refused: used, ...(claims ? { claims } : {}) })
  const withRenewed: GraphTokens = async (again) => (again === undefined ? renewed : tokens(again))
  await send(graph, withRenewed, { requests: refused, answers, options })
  return answers
}

interface Sending {
  readonly requests: readonly BatchRequest[]
  /** Filled in. */
  readonly answers: Map<string, BatchAnswer>
  readonly options: BatchOptions
}

/** `false` when Graph refused the batch as a whole; every part is then refused the same way. */
async function send(graph: Graph, tokens: GraphTokens, sending: Sending): Promise<boolean> {
  const { requests, answers, options } = sending
  if (requests.length === 0) return true
  const sentAt = Date.now()
  const settle = (answerTo: (id: string) => BatchAnswer) => {
    for (const { id } of requests) answers.set(id, answerTo(id))
    for (const [bucket, parts] of byBucket(requests)) {
      const [error = null] = parts.flatMap(({ id }) => errorOf(answers, id) ?? [])
      graph.note(bucket, error, sentAt)
    }
  }
  const answer = await graph
    .call(tokens, { ...options, method: 'POST', path: '$batch', body: bodyOf(requests) })
    .catch((cause: unknown) => {
      const isSilence = cause instanceof EntradaFailure && cause.code === 'graph_unavailable'
      if (isSilence) settle(() => refusal(NO_RESPONSE))
      throw cause
    })
  if (!answer.ok) {
    settle(() => answer)
    return false
  }
  const body = await readJson(answer.response, Answers)
  if (body === null) throw new EntradaFailure('graph_unexpected')
  const parts = new Map(body.responses.map((part) => [part.id, readPart(part)]))
  settle((id) => parts.get(id) ?? LOST)
  return true
}

function byBucket(requests: readonly BatchRequest[]) {
  return Map.groupBy(requests, ({ bucket }) => bucket)
}

/** What is `undefined` does not travel. */
function bodyOf(requests: readonly BatchRequest[]) {
  return {
    requests: requests.map(({ id, method = 'GET', path: url, headers, body }) => ({
      id,
      method,
      url,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body,
    })),
  }
}

/** A part that the answer does not mention. */
const LOST = refusal({ ...NO_RESPONSE, status: 502 })

type Part = v.InferOutput<typeof Answers>['responses'][number]

function readPart({ status, headers, body }: Part): BatchAnswer {
  if (status < 400) return { ok: true, body }
  return refusal(graphErrorOf(status, new Headers(headers), body))
}

function refusal(error: GraphError): BatchAnswer {
  return { ok: false, error }
}

function errorOf(answers: BatchAnswers, id: string): GraphError | null {
  const answer = answers.get(id)
  return answer === undefined || answer.ok ? null : answer.error
}
