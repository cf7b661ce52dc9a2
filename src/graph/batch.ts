import { readJson } from '../json.ts'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { graphErrorOf, NO_RESPONSE, type GraphError } from './graph-error.ts'
import type { Graph, GraphRequest, GraphTokens } from './graph.ts'

/** One request of a batch. */
export interface BatchRequest {
  /** Key of the answer. Unique, ignoring case. */
  readonly id: string
  readonly method?: 'GET' | 'POST'
  /** Path and query below the version. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly bucket: string
}

/** The JSON body of one request's response, or its error. */
export type BatchAnswer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly error: GraphError }

/** Answers by request id. */
export type BatchAnswers = ReadonlyMap<string, BatchAnswer>

export type BatchOptions = Pick<GraphRequest, 'deadlineMs' | 'isBackground'>

/** Graph's limit. */
const MAX_REQUESTS = 20

const BatchResponse = v.object({
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
 * Sends up to 20 requests in one round trip; each can fail alone. Requests of a paused bucket get an error without being
 * sent. When some requests refuse the token, it is renewed once and they are sent again.
 * @throws EntradaFailure `graph_unavailable`, `graph_unexpected`; whatever `tokens` throws
 */
export async function callBatch(
  graph: Graph,
  tokens: GraphTokens,
  requests: readonly BatchRequest[],
  options: BatchOptions = {},
): Promise<BatchAnswers> {
  if (requests.length > MAX_REQUESTS) throw new RangeError('a batch takes at most 20 requests')
  const answers = new Map<string, BatchAnswer>()
  const unpaused: BatchRequest[] = []
  // Once per bucket: after a pause one trial is allowed, and all requests of the bucket share it.
  for (const [bucket, members] of byBucket(requests)) {
    const error = graph.pauseOf(bucket)
    if (error === null) unpaused.push(...members)
    else for (const { id } of members) answers.set(id, failed(error))
  }
  let used = ''
  const recording: GraphTokens = async (again) => {
    const token = await tokens(again)
    used = token.value
    return token
  }
  const isAnswered = await send(graph, recording, { requests: unpaused, answers, options })
  const refused = unpaused.filter(({ id }) => errorOf(answers, id)?.status === 401)
  // When Graph refuses the whole batch, the client has renewed the token already.
  if (!isAnswered || refused.length === 0) return answers
  const claims = refused.map(({ id }) => errorOf(answers, id)?.claims).find(Boolean)
  const renewed = await tokens({ refused: used, ...(claims ? { claims } : {}) })
  const withRenewed: GraphTokens = async (again) => (again === undefined ? renewed : tokens(again))
  await send(graph, withRenewed, { requests: refused, answers, options })
  return answers
}

interface Batch {
  readonly requests: readonly BatchRequest[]
  /** Receives the answers. */
  readonly answers: Map<string, BatchAnswer>
  readonly options: BatchOptions
}

/** `false` when Graph refused the batch as a whole; each request then gets that error. */
async function send(graph: Graph, tokens: GraphTokens, batch: Batch): Promise<boolean> {
  const { requests, answers, options } = batch
  if (requests.length === 0) return true
  const sentAt = Date.now()
  const record = (answerTo: (id: string) => BatchAnswer) => {
    for (const { id } of requests) answers.set(id, answerTo(id))
    for (const [bucket, members] of byBucket(requests)) {
      const [error = null] = members.flatMap(({ id }) => errorOf(answers, id) ?? [])
      graph.note(bucket, error, sentAt)
    }
  }
  const answer = await graph
    .call(tokens, { ...options, method: 'POST', path: '$batch', body: bodyOf(requests) })
    .catch((cause: unknown) => {
      const isUnanswered = cause instanceof EntradaFailure && cause.code === 'graph_unavailable'
      if (isUnanswered) record(() => failed(NO_RESPONSE))
      throw cause
    })
  if (!answer.ok) {
    record(() => answer)
    return false
  }
  const body = await readJson(answer.response, BatchResponse)
  if (body === null) throw new EntradaFailure('graph_unexpected')
  const responses = new Map(body.responses.map((one) => [one.id, readResponse(one)]))
  record((id) => responses.get(id) ?? MISSING)
  return true
}

function byBucket(requests: readonly BatchRequest[]) {
  return Map.groupBy(requests, ({ bucket }) => bucket)
}

/** Members that are `undefined` are left out by `JSON.stringify`. */
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

/** For a request without a response in the batch. */
const MISSING = failed({ ...NO_RESPONSE, status: 502 })

type ResponseInBatch = v.InferOutput<typeof BatchResponse>['responses'][number]

function readResponse({ status, headers, body }: ResponseInBatch): BatchAnswer {
  if (status < 400) return { ok: true, body }
  return failed(graphErrorOf(status, new Headers(headers), body))
}

function failed(error: GraphError): BatchAnswer {
  return { ok: false, error }
}

function errorOf(answers: BatchAnswers, id: string): GraphError | null {
  const answer = answers.get(id)
  return answer === undefined || answer.ok ? null : answer.error
}
