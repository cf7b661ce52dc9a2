import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { aSandbox, calling, codeOf } from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)

async function sideOf(path: string): Promise<number> {
  const response = await graph.raw(path)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
  return Buffer.from(await response.arrayBuffer()).readUInt32BE(16)
}

test('a photo has the requested size', async () => {
  expect(await sideOf(`/v1.0/users/${CAST.megan.id}/photos/48x48/$value`)).toBe(48)
  expect(await sideOf('/v1.0/me/photos/96X96/$value')).toBe(96)
})

test('without a size, or with a larger one, the largest photo is returned', async () => {
  const metadata = await graph.get('/v1.0/me/photo')
  const largest = await sideOf('/v1.0/me/photo/$value')
  expect(metadata.body).toMatchObject({ id: `${largest}x${largest}`, width: largest })
  expect(await sideOf('/v1.0/me/photos/648x648/$value')).toBe(largest)
})

test("a person's photo never changes and differs from everybody else's", async () => {
  const eTag = async (id: string) =>
    (await graph.raw(`/v1.0/users/${id}/photo/$value`)).headers.get('etag')
  expect(await eTag(CAST.megan.id)).toBe(await eTag(CAST.megan.id))
  expect(await eTag(CAST.megan.id)).not.toBe(await eTag(CAST.adele.id))
})

test('a person without a photo has none in any size, and 1x1 in the metadata', async () => {
  for (const path of ['photo/$value', 'photos/48x48/$value']) {
    const missing = await graph.get(`/v1.0/users/${CAST.unal.id}/${path}`)
    expect([missing.status, codeOf(missing)]).toEqual([404, 'ImageNotFound'])
  }
  const metadata = await graph.get(`/v1.0/users/${CAST.unal.id}/photo`)
  expect(metadata.body).toMatchObject({ id: '1x1', '@odata.mediaContentType': 'image/gif' })
})

test("only Microsoft's sizes exist", async () => {
  expect((await graph.get('/v1.0/me/photos/50x50/$value')).status).toBe(400)
})
