import * as v from 'valibot'
import { expect, test } from 'vitest'
import { parseJson, readJson } from '../../src/json.ts'

const Shape = v.object({ id: v.string() })

test('parses JSON of the expected shape and drops other members', () => {
  expect(parseJson('{"id":"a","other":1}', Shape)).toEqual({ id: 'a' })
})

test.each([
  ['no text', null],
  ['an absent text', undefined],
  ['an empty text', ''],
  ['text that is not JSON', '{"id":'],
  ['JSON of another shape', '{"id":1}'],
])('returns null for %s', (_case, text) => {
  expect(parseJson(text, Shape)).toBeNull()
})

test('reads a body of the expected shape', async () => {
  expect(await readJson(Response.json({ id: 'a' }), Shape)).toEqual({ id: 'a' })
})

test('returns null for a truncated body', async () => {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error('connection lost')),
  })
  expect(await readJson(new Response(body), Shape)).toBeNull()
})
