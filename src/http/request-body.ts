import type { GenericSchema } from 'valibot'
import { readJson } from '../json.ts'
import { EntradaFailure } from '../failure.ts'

/** Limit for forms and JSON requests: enough for a few sealed values or a short list of ids. */
export const MAX_BODY_BYTES = 64 * 1024

/**
 * Reads a body of at most `maxBytes`. `request.text()` has no limit: a form of 95 MiB needs 200 MiB, more than an
 * isolate has. `Content-Length` may be wrong, so the bytes are counted, too.
 * @throws EntradaFailure `body_too_large`
 */
export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Blob> {
  const { headers } = request
  const body: ReadableStream<Uint8Array<ArrayBuffer>> | null = request.body
  const tooLarge = () =>
    new EntradaFailure('body_too_large', {
      detail: `No more than ${maxBytes} bytes are read here.`,
    })
  if (Number(headers.get('content-length') ?? 0) > maxBytes) {
    // Not awaited, because the client may react late.
    void body?.cancel()
    throw tooLarge()
  }
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const reader = body?.getReader()
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > maxBytes) {
      void reader.cancel()
      throw tooLarge()
    }
    chunks.push(value)
  }
  return new Blob(chunks)
}

/**
 * Reads the fields of a form. `null` for another body.
 * @throws EntradaFailure `body_too_large`
 */
export async function readForm(request: Request, maxBytes?: number): Promise<FormData | null> {
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  const body = await readBody(request, maxBytes)
  return new Response(body, { headers }).formData().catch(() => null)
}

/**
 * Reads a JSON body of this shape. `null` for a body that is not JSON or has another shape.
 * @throws EntradaFailure `body_too_large`
 */
export async function readJsonBody<T>(
  request: Request,
  schema: GenericSchema<unknown, T>,
  maxBytes?: number,
): Promise<T | null> {
  return readJson(await readBody(request, maxBytes), schema)
}
