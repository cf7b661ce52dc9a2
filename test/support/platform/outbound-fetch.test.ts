import { afterEach, beforeEach, expect, test } from 'vitest'
import { clock, installClock } from '../clock.ts'
import type { Network } from './outbound-fetch.ts'
import { Platform } from './platform.ts'
import { installWorkersGlobals } from './workers-globals.ts'

let restore: readonly (() => void)[]
beforeEach(() => {
  restore = [installClock(), installWorkersGlobals()]
})
afterEach(() => {
  for (const one of restore) one()
})

async function through(
  fetchInWorker: (request: Request) => Response | Promise<Response>,
  network: Network = async () => new Response('unused'),
  request = new Request('https://chat.example/path'),
): Promise<Response> {
  const platform = new Platform({ worker: { fetch: fetchInWorker }, objects: {}, network })
  return platform.isolate({}).fetch(request)
}

/** Redirects `/start` to another host, which reports the request it received. */
const redirecting: Network = async (request) => {
  const url = new URL(request.url)
  if (url.pathname === '/start') {
    return new Response(null, { status: 302, headers: { location: 'https://two.example/end' } })
  }
  return Response.json({
    method: request.method,
    authorization: request.headers.get('authorization'),
    body: await request.text(),
  })
}

test('a redirect is followed as a GET, without credentials for another host', async () => {
  const response = await through(async () => {
    const answer = await fetch('https://one.example/start', {
      method: 'POST',
      body: 'secret',
      headers: { authorization: 'Bearer secret' },
    })
    return Response.json([answer.url, answer.redirected, await answer.json()])
  }, redirecting)
  expect(await response.json()).toEqual([
    'https://two.example/end',
    true,
    { method: 'GET', authorization: null, body: '' },
  ])
})

test('returns a redirect with redirect: manual', async () => {
  const response = await through(
    () => fetch('https://one.example/start', { redirect: 'manual' }),
    redirecting,
  )
  expect([response.status, response.headers.get('location')]).toEqual([
    302,
    'https://two.example/end',
  ])
})

test('a request can be forwarded unchanged, with its body', async () => {
  const response = await through(
    (request) => fetch(new Request('https://one.example/end', request)),
    redirecting,
    new Request('https://chat.example/', { method: 'PUT', body: 'content' }),
  )
  expect(await response.json()).toMatchObject({ method: 'PUT', body: 'content' })
})

test('sends a stream without the duplex option', async () => {
  const response = await through(
    () =>
      fetch('https://one.example/end', { method: 'POST', body: new Blob(['streamed']).stream() }),
    redirecting,
  )
  expect(await response.json()).toMatchObject({ body: 'streamed' })
})

test('headers of a received message are immutable', async () => {
  await expect(
    through((request) => (request.headers.set('a', 'b'), new Response())),
  ).rejects.toThrow('immutable headers')
  const change = async () => {
    const answer = await fetch('https://one.example/')
    answer.headers.append('a', 'b')
    return answer
  }
  await expect(through(change)).rejects.toThrow('immutable headers')
  const copy = async () => {
    const answer = await fetch('https://one.example/')
    const changed = new Response(answer.body, answer)
    changed.headers.append('a', 'b')
    return changed
  }
  expect((await through(copy)).headers.get('a')).toBe('b')
})

test('a deadline ends a request to a server that hangs', async () => {
  const work = through(
    () => fetch('https://one.example/', { signal: AbortSignal.timeout(10_000) }),
    () => new Promise<never>(() => {}),
  )
  await expect(clock.runOut(work)).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a deadline ends a body that arrives slowly', async () => {
  const endless = new ReadableStream({ pull: () => new Promise<never>(() => {}) })
  const work = through(
    async () => {
      const answer = await fetch('https://one.example/', { signal: AbortSignal.timeout(5000) })
      return new Response(await answer.text())
    },
    async () => new Response(endless),
  )
  await expect(clock.runOut(work)).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a fetch during the reading of a response belongs to the same Worker', async () => {
  const response = await through(
    () =>
      new Response(
        new ReadableStream(
          {
            async pull(controller) {
              controller.enqueue(await (await fetch('https://one.example/')).bytes())
              controller.close()
            },
          },
          { highWaterMark: 0 },
        ),
      ),
    async () => new Response('late'),
  )
  expect(await response.text()).toBe('late')
})

test('cancelling the body stops the server', async () => {
  let cancelled: unknown = null
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: (reason) => {
      cancelled = reason
    },
  })
  const response = await through(
    () => fetch('https://one.example/'),
    async () => new Response(endless),
  )
  await response.body?.cancel('enough')
  expect(cancelled).toBe('enough')
})

test.each([
  ['redirect mode error', { redirect: 'error' }, /redirect/],
  ['a cache mode of browsers', { cache: 'force-cache' }, /cache mode/],
] as const)('%s is refused as in workerd', async (_situation, init, message) => {
  await expect(through(() => fetch('https://one.example/', init))).rejects.toThrow(message)
})

test('a fetch outside a Worker fails', async () => {
  await expect(fetch('https://one.example/')).rejects.toThrow('outside a Worker')
})
