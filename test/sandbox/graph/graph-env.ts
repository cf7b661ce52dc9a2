import type { Context } from 'hono'
import type { Caller } from './caller.ts'
import { badRequest } from './graph-error.ts'
import { type Shape, selected } from './projection.ts'
import type { QueryOptions } from './query-options.ts'

/** Context of every route: an authenticated caller and the parsed query. */
export interface GraphEnv {
  Variables: { caller: Caller; options: QueryOptions }
}

export type GraphContext = Context<GraphEnv>

const ODATA_JSON =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'

export function odata(body: object): Response {
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': ODATA_JSON, 'odata-version': '4.0' },
  })
}

/** `…/$metadata#users(id,displayName)`, with `/$entity` for a single object. */
export function odataContext(
  graph: string,
  set: string,
  { select, suffix = '' }: { readonly select: readonly string[] | null; readonly suffix?: string },
): string {
  const list = select === null ? '' : `(${select.join(',')})`
  return `${graph}/v1.0/$metadata#${set}${list}${suffix}`
}

export function propertiesOf(c: GraphContext, shape: Shape): readonly string[] {
  return selected(shape, c.var.options.select)
}

/** The JSON body of an action; 400 when it is invalid. */
export async function readBody(c: GraphContext): Promise<object> {
  const body: unknown = await c.req.json().catch(() => null)
  if (typeof body === 'object' && body !== null) return body
  throw badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  )
}
