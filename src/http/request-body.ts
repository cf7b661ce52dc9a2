import type { GenericSchema } from 'valibot'
import { readJson } from '../json.ts'
import { EntradaFailure } from '../failure.ts'

/** Largest body of a form or a JSON request of ours, in bytes: a few sealed values, or a short list of ids. */
export const LARGEST_BODY_BYTES = 64 * 1024

/**
 * Reads a body of at most `most` bytes. `request.text()` and its kind read whatever comes: 95 MiB of form cost an
 * isolate 200 MiB, which is more than it has. A declared length may be a lie, so the bytes are counted as well.
 * @throws EntradaFailure `body_too_large`
 */
export async function readBody(request: Request, most = LARGEST_BODY_BYTES): Promise<Blob> {
  const { headers } = request
  const body: ReadableStream<Uint8Array<ArrayBuffer>> | null = request.body
  const tooLarge = () =>
    new EntradaFailure('body_too_large', { detail: `No more than ${most} bytes are read here.` })
  if (Number(headers.get('content-length') ?? 0) > most) {
    // Not awaited: the client may take its time to notice.
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
    if (size > most) {
      void reader.cancel()
      throw tooLarge()
    }
    chunks.push(value)
  }
  return new Blob(chunks)
}

/**
 * The fields of a form. `null` for what is no form.
 * @throws EntradaFailure `body_too_large`
 */
export async function readForm(request: Request, most?: number): Promise<FormData | null> {
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  const body = await readBody(request, most)
  return new Response(body, { headers }).formData().catch(() => null)
}

/**
 * Reads a JSON body of this shape. `null` for a body that is not JSON or has another shape.
 * @throws EntradaFailure `body_too_large`
 */
export async function readJsonBody<T>(
  request: Request,
  schema: GenericSchema<unknown, T>,
  most?: number,
): Promise<T | null> {
  return readJson(await readBody(request, most), schema)
}
