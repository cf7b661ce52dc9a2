import { Hono } from 'hono'
import { etag } from 'hono/etag'
import { streamSSE } from 'hono/streaming'
import type { HostHandler, SandboxWorld } from '../sandbox.ts'
import { ASSETS, chatPage, PAGE_POLICY } from './page.ts'
import { measure, probeRoutes } from './probes.ts'
import { readMessage, replyWords } from './reply.ts'
import { readTold } from './told.ts'
import { Uploads } from './uploads.ts'

const WORD_PAUSE_MS = 28

/**
 * A chat app without Microsoft code: it reads the identity from headers, accepts files as ordinary
 * uploads and streams its answers. Any chat behind Entrada can do the same.
 */
export function createDemoChat(world: Pick<SandboxWorld, 'accessTokens'>): HostHandler {
  const chat = new Hono()
  const uploads = new Uploads()

  chat.get('/', (c) => {
    c.header('content-security-policy', PAGE_POLICY)
    c.header('cache-control', 'no-store')
    return c.html(chatPage(readTold(c.req.raw.headers)))
  })

  for (const asset of ASSETS) {
    chat.get(asset.path, etag(), (c) => {
      c.header('content-type', asset.type)
      c.header('cache-control', 'no-cache')
      return c.body(asset.text)
    })
  }

  chat.post('/api/upload', async (c) => {
    const name = c.req.query('name') ?? 'unnamed'
    return c.json(uploads.add({ name, ...(await measure(c.req.raw.body)) }))
  })

  chat.post('/api/chat', async (c) => {
    const message = readMessage(await c.req.json().catch(() => null))
    if (message === null) return c.json({ error: 'message, people, attachments' }, 400)
    const words = replyWords({
      told: readTold(c.req.raw.headers),
      message,
      uploads: uploads.find(message.attachments),
      leaked: carriesSecrets(c.req.raw.headers, world),
    })
    return streamSSE(c, async (stream) => {
      for (const text of words) {
        if (stream.aborted) return
        await stream.writeSSE({ event: 'word', data: JSON.stringify({ text }) })
        await stream.sleep(WORD_PAUSE_MS)
      }
      await stream.writeSSE({ event: 'done', data: '{}' })
    })
  })

  chat.route('/', probeRoutes())
  return (request) => chat.fetch(request)
}

function carriesSecrets(headers: Headers, world: Pick<SandboxWorld, 'accessTokens'>): boolean {
  const text = [...headers.values()].join('\n')
  return (
    (headers.get('cookie') ?? '').includes('entrada') ||
    world.accessTokens.minted.some((token) => text.includes(token))
  )
}
