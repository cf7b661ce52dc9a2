import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { rawHeadersOf } from './raw-headers.ts'
import { readAssertion, readTold } from './told.ts'

const CHUNK = new Uint8Array(64 * 1024).fill(0x2e)

/**
 * Endpoints that show how a proxy in front of the chat changed a request, and that send it test
 * responses.
 */
export function probeRoutes(): Hono {
  const probes = new Hono()

  probes.get('/whoami', (c) => {
    const headers = [...c.req.raw.headers].filter(([name]) => name.startsWith('x-forwarded-'))
    return c.json({
      told: readTold(c.req.raw.headers),
      headers: Object.fromEntries(headers),
      assertion: readAssertion(c.req.raw.headers),
    })
  })

  probes.all('/echo', async (c) => {
    const request = c.req.raw
    const url = new URL(request.url)
    const body = await measure(request.body)
    return c.json({
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries([...request.headers].map(withoutCookieValues)),
      cookies: cookieNames(request.headers.get('cookie')),
      raw: rawHeadersOf(request).map(withoutCookieValues),
      body,
    })
  })

  probes.get('/redirect', (c) => {
    c.header('set-cookie', 'redirected=1; Path=/')
    return c.redirect(c.req.query('to') ?? '/', c.req.query('status') === '303' ? 303 : 302)
  })

  probes.get('/cookies', (c) => {
    const expires = new Date(Date.now() + 86_400_000).toUTCString()
    c.header('set-cookie', `theme=dark; Path=/; Expires=${expires}`, { append: true })
    c.header('set-cookie', 'draft=kept; Path=/; HttpOnly; SameSite=Lax', { append: true })
    c.header('set-cookie', 'app_session=of-the-chat; Path=/; HttpOnly', { append: true })
    return c.json({ received: cookieNames(c.req.header('cookie') ?? null) })
  })

  probes.get('/sse', (c) => {
    const count = numberOf(c.req.query('n'), 10)
    const pause = numberOf(c.req.query('ms'), 100)
    return streamSSE(c, async (stream) => {
      for (let index = 0; index < count && !stream.aborted; index += 1) {
        await stream.writeSSE({ id: String(index), data: String(Date.now()) })
        await stream.sleep(pause)
      }
    })
  })

  probes.get('/large', (c) => {
    const bytes = numberOf(c.req.query('bytes'), 1024 * 1024)
    c.header('content-type', 'application/octet-stream')
    c.header('content-length', String(bytes))
    return c.body(filler(bytes))
  })

  probes.get('/slow', async (c) => {
    await sleep(numberOf(c.req.query('ms'), 3000))
    return c.text('Delayed response.')
  })

  probes.get('/health', (c) => c.json({ status: 'ok' }))

  return probes
}

/** Counts and hashes the stream without buffering it: an upload may exceed memory. */
export async function measure(
  body: ReadableStream<Uint8Array> | null,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    hash.update(chunk)
  }
  return { bytes, sha256: hash.digest('hex') }
}

function filler(total: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = total
  return new ReadableStream({
    pull(controller) {
      if (left > 0) controller.enqueue(CHUNK.slice(0, Math.min(left, CHUNK.byteLength)))
      left -= CHUNK.byteLength
      if (left <= 0) controller.close()
    },
  })
}

function withoutCookieValues([name, value]: readonly [string, string]): [string, string] {
  return name.toLowerCase() === 'cookie' ? [name, cookieNames(value).join('; ')] : [name, value]
}

function cookieNames(header: string | null): readonly string[] {
  return (header ?? '').split(';').flatMap((pair) => pair.split('=')[0]?.trim() || [])
}

function numberOf(value: string | undefined, fallback: number): number {
  const parsed = Number(value ?? fallback)
  return Number.isFinite(parsed) && parsed >= 0 ? parsed : fallback
}
