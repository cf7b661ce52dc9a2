import * as v from 'valibot'

/**
 * Parses JSON text and checks its shape. `null` for a missing text, for text that is not JSON, and for JSON of
 * another shape: the caller knows which failure this means.
 */
export function parseJson<T>(
  text: string | null | undefined,
  schema: v.GenericSchema<unknown, T>,
): T | null {
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), text)
  if (!json.success) return null
  const { success, output } = v.safeParse(schema, json.output)
  return success ? output : null
}

/**
 * Reads a body whole and parses it like `parseJson`. `null` also for a body that breaks off. For requests use
 * `readJsonBody`, which limits the size.
 */
export async function readJson<T>(
  body: Pick<Body, 'text'>,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | null> {
  return parseJson(await body.text().catch(() => null), schema)
}
