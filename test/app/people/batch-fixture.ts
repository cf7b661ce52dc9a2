import * as v from 'valibot'
import type { Searcher } from './searcher-fixture.ts'

const Requests = v.object({ requests: v.array(v.looseObject({ id: v.string(), url: v.string() })) })
const Responses = v.object({
  responses: v.array(
    v.looseObject({
      id: v.string(),
      status: v.number(),
      headers: v.optional(v.record(v.string(), v.string())),
    }),
  ),
})

/** One request of a batch, with the sandbox's answer. */
export interface BatchItem {
  readonly url: string
  readonly answer: {
    readonly id: string
    readonly status: number
    readonly headers?: Record<string, string> | undefined
  }
}

/** `/users` of `/users?$search=…`. */
export const collectionOf = ({ url }: Pick<BatchItem, 'url'>) => url.split('?')[0]

/**
 * Replaces answers of the sandbox within batches.
 * @param replace returns the new answer; `null` removes the answer
 * @returns every batch so far, with the sandbox's own answers
 */
export function replaceInBatches(
  { entrada }: Searcher,
  replace: (item: BatchItem) => object | null,
): readonly BatchItem[][] {
  const batches: BatchItem[][] = []
  const { hosts } = entrada.sandbox
  entrada.internet.answer(hosts.graph, async (request) => {
    if (!request.url.endsWith('$batch')) return entrada.sandbox.fetch(request)
    const { requests } = v.parse(Requests, await request.clone().json())
    const response = await entrada.sandbox.fetch(request)
    const { responses } = v.parse(Responses, await response.json())
    const batch = responses.map((answer) => ({
      answer,
      url: requests.find(({ id }) => id === answer.id)?.url ?? '',
    }))
    batches.push(batch)
    return Response.json({ responses: batch.flatMap((item) => replace(item) ?? []) })
  })
  return batches
}

/** An error of Graph for one request of a batch. */
export function errorAnswer(
  { answer }: BatchItem,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): object {
  const error = { code: status === 400 ? 'Request_BadRequest' : '', message: 'of the test' }
  return { id: answer.id, status, headers, body: { error } }
}
