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

/** One request of a batch, and what the sandbox answers to it. */
export interface Asked {
  readonly url: string
  readonly answer: {
    readonly id: string
    readonly status: number
    readonly headers?: Record<string, string> | undefined
  }
}

/** `/users` of `/users?$search=…`. */
export const collectionOf = ({ url }: Pick<Asked, 'url'>) => url.split('?')[0]

/**
 * Puts other answers in place of some that the sandbox gives.
 * @param bend `null` leaves the request unanswered
 */
export function bendBatches(
  { entrada }: Searcher,
  bend: (asked: Asked) => object | null,
): readonly Asked[][] {
  const batches: Asked[][] = []
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
    return Response.json({ responses: batch.flatMap((asked) => bend(asked) ?? []) })
  })
  return batches
}

/** What Graph says when it refuses. */
export function refusal(
  { answer }: Asked,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): object {
  const error = { code: status === 400 ? 'Request_BadRequest' : '', message: 'of the test' }
  return { id: answer.id, status, headers, body: { error } }
}
