import { withTimeout } from './answer-within.ts'

/** What we use of a Durable Object namespace: stubs by name or id, made anew for each call. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): ObjectId
  idFromString(id: string): ObjectId
  get(id: ObjectId): Stub
}

export type ObjectId = DurableObjectId

/** What we use of an object's storage. */
export type ObjectStorage = Pick<
  DurableObjectStorage,
  'sql' | 'deleteAll' | 'setAlarm' | 'deleteAlarm' | 'transactionSync'
>

/** Longer than anything an object waits for itself. */
const DEADLINE_MS = 45_000

/**
 * Calls an object, once more when the platform dropped it under us (a deployment, a move). Only for calls that
 * may run twice. An overloaded object is left alone, as Cloudflare asks, and one that does not answer is not
 * waited for until the platform gives up.
 */
export async function callObject<T>(call: () => Promise<T>): Promise<T> {
  return withTimeout(DEADLINE_MS, twice(call))
}

async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (!isRetryable(cause)) throw cause
    return call()
  }
}

function isRetryable(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return (
    'retryable' in cause &&
    cause.retryable === true &&
    !('overloaded' in cause && cause.overloaded === true)
  )
}
