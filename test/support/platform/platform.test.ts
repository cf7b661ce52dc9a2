import { DurableObject } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock, installClock } from '../clock.ts'
import { Platform } from './platform.ts'
import { installWorkersGlobals } from './workers-globals.ts'

interface CounterEnv {
  readonly COUNTERS: { getByName(name: string): CounterStub }
  readonly STEP: string
}

/** The object's interface for a caller: every method is asynchronous. */
interface CounterStub {
  add(): Promise<{ memory: number; stored: number }>
  echo(value: unknown): Promise<unknown>
  refuse(): Promise<never>
  wait(url: string): Promise<void>
  remindAt(at: number): Promise<void>
  prepareOnce(): Promise<void>
}

class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code = 'refused'
}

/** Stores a number twice: in memory and in its storage. */
class CounterObject extends DurableObject<CounterEnv> {
  readonly #step = Number(this.env.STEP)
  memory = 0
  reached = Promise.withResolvers<void>()

  constructor(ctx: DurableObjectState, env: CounterEnv) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS counts (value INTEGER)')
  }

  add(): { memory: number; stored: number } {
    this.memory += this.#step
    this.ctx.storage.sql.exec('INSERT INTO counts VALUES (?)', this.#step)
    const { stored } = this.ctx.storage.sql
      .exec<{ stored: number }>('SELECT sum(value) AS stored FROM counts')
      .one()
    return { memory: this.memory, stored }
  }

  echo(value: unknown): unknown {
    return value
  }

  refuse(): never {
    throw new Refusal('not today')
  }

  async wait(url: string): Promise<void> {
    await fetch(url)
    this.ctx.storage.sql.exec('INSERT INTO counts VALUES (100)')
  }

  async remindAt(at: number): Promise<void> {
    await this.ctx.storage.setAlarm(at)
  }

  async prepareOnce(): Promise<void> {
    await this.ctx.blockConcurrencyWhile(async () => {
      await fetch('https://slow.example/')
      this.memory = 40
    })
  }

  override alarm(): void {
    this.memory = -1
  }
}

type Handler = (env: CounterEnv, request: Request, ctx: ExecutionContext) => unknown

let restore: readonly (() => void)[]
beforeEach(() => {
  restore = [installClock(), installWorkersGlobals()]
  clock.letRun()
})
afterEach(() => {
  for (const one of restore) one()
})

function aPlatform(handler: Handler, network = async () => new Response('from outside')) {
  const worker = {
    fetch: async (request: Request, env: CounterEnv, ctx: ExecutionContext) => {
      const answer = await handler(env, request, ctx)
      return answer instanceof Response ? answer : Response.json(answer ?? null)
    },
  }
  return new Platform({ worker, objects: { COUNTERS: CounterObject }, network })
}

/** Runs a handler inside a Worker and returns its result. */
async function inWorker(handler: Handler): Promise<unknown> {
  const isolate = aPlatform(handler).isolate({ STEP: '1' })
  return (await isolate.fetch(new Request('https://chat.example/'))).json()
}

/** Calls a method that the stub's type does not have. */
async function ask(stub: object, method: string): Promise<unknown> {
  const remote: unknown = Reflect.get(stub, method)
  return remote instanceof Function ? Reflect.apply(remote, stub, []) : remote
}

test('one object per name, for every isolate', async () => {
  const platform = aPlatform((env, request) =>
    env.COUNTERS.getByName(new URL(request.url).pathname).add(),
  )
  const first = platform.isolate({ STEP: '2' })
  const second = platform.isolate({ STEP: '2' })
  await first.fetch(new Request('https://chat.example/a'))
  const again = await second.fetch(new Request('https://chat.example/a'))
  const other = await second.fetch(new Request('https://chat.example/b'))
  expect(await again.json()).toEqual({ memory: 4, stored: 4 })
  expect(await other.json()).toEqual({ memory: 2, stored: 2 })
  expect(platform.count('COUNTERS', 'add')).toBe(3)
  expect(platform.objects.COUNTERS.names).toEqual(['/a', '/b'])
})

test('an evicted object keeps its storage and loses its memory', async () => {
  const platform = aPlatform((env) => env.COUNTERS.getByName('a').add())
  const isolate = platform.isolate({ STEP: '2' })
  await isolate.fetch(new Request('https://chat.example/'))
  platform.evict()
  const response = await isolate.fetch(new Request('https://chat.example/'))
  expect(await response.json()).toEqual({ memory: 2, stored: 4 })
})

test('a crash fails calls in progress, and the lost instance can no longer write', async () => {
  const outside = Promise.withResolvers<Response>()
  const network = vi.fn(() => outside.promise)
  const platform = aPlatform(async (env) => {
    await env.COUNTERS.getByName('a').wait('https://slow.example/')
  }, network)
  const isolate = platform.isolate({ STEP: '1' })
  const call = isolate.fetch(new Request('https://chat.example/'))
  await vi.waitFor(() => expect(network).toHaveBeenCalledOnce())
  expect(() => platform.evict()).toThrow('in flight')
  platform.objects.COUNTERS.crash()
  await expect(call).rejects.toThrow('Durable Object reset')
  outside.resolve(new Response())
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(platform.dump()).not.toContain('100')
})

test('an RPC call copies values and rejects those that cannot be copied', async () => {
  const copied = await inWorker(async (env) => {
    const stub = env.COUNTERS.getByName('a')
    const sent = { list: [1], bytes: new Uint8Array([1]) }
    const received: unknown = await stub.echo(sent)
    sent.list.push(2)
    return JSON.stringify(received)
  })
  expect(copied).toBe('{"list":[1],"bytes":{"0":1}}')
  const names = await inWorker(async (env) => {
    const stub = env.COUNTERS.getByName('a')
    const refused = [new URL('https://a.example/'), new Refusal(), () => 1, { __proto__: null }]
    const values = [...refused.map((value) => ({ value })), { value: new Map([['a', new Date()]]) }]
    return Promise.all(
      values.map(async (value) =>
        stub.echo(value).then(
          () => 'ok',
          (cause: unknown) => (cause instanceof Error ? cause.name : null),
        ),
      ),
    )
  })
  const no = 'DataCloneError'
  expect(names).toEqual([no, 'ok', no, no, 'ok'])
})

test('an RPC call rejects a key that is not extractable', async () => {
  const message = await inWorker(async (env) => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
    ])
    return env.COUNTERS.getByName('a')
      .echo(key)
      .then(
        () => null,
        (cause: unknown) => String(cause),
      )
  })
  expect(message).toContain('"CryptoKey"')
})

test('an error loses its class in an RPC call, and a missing method is an error', async () => {
  const facts = await inWorker(async (env) => {
    const stub = env.COUNTERS.getByName('a')
    const refusal: unknown = await stub.refuse().catch((cause: unknown) => cause)
    const missing: unknown = await ask(stub, 'memory').catch((cause: unknown) => cause)
    return [
      refusal instanceof Error && !(refusal instanceof Refusal) && !('code' in refusal),
      String(refusal),
      String(missing),
    ]
  })
  expect(facts).toEqual([
    true,
    'Refusal: not today',
    'TypeError: The RPC receiver does not implement the method "memory".',
  ])
})

test('calls wait during blockConcurrencyWhile', async () => {
  const outside = Promise.withResolvers<Response>()
  const platform = aPlatform(
    async (env) => {
      const stub = env.COUNTERS.getByName('a')
      const preparing = stub.prepareOnce()
      const adding = stub.add()
      setTimeout(() => outside.resolve(new Response()), 5)
      await preparing
      return adding
    },
    () => outside.promise,
  )
  const response = await platform.isolate({ STEP: '2' }).fetch(new Request('https://chat.example/'))
  expect(await response.json()).toEqual({ memory: 42, stored: 2 })
})

test('alarms fire when they are due, once', async () => {
  const platform = aPlatform((env) => env.COUNTERS.getByName('a').remindAt(Date.now() + 60_000))
  await platform.isolate({ STEP: '1' }).fetch(new Request('https://chat.example/'))
  expect(await platform.runAlarms()).toBe(0)
  vi.setSystemTime(Date.now() + 60_000)
  expect(await platform.runAlarms()).toBe(1)
  expect(await platform.runAlarms()).toBe(0)
})

test.each([
  ['overloaded', { fails: 'overloaded' }, 'overloaded', 0],
  ['unreachable', { fails: 'unreachable' }, 'Network connection lost', 0],
  ['losing its answers', { loses: true }, 'Network connection lost', 1],
] as const)('objects can be %s', async (_situation, bends, message, rows) => {
  const platform = aPlatform((env) => env.COUNTERS.getByName('a').add())
  platform.objects.COUNTERS.bend(bends)
  const call = platform.isolate({ STEP: '7' }).fetch(new Request('https://chat.example/'))
  await expect(call).rejects.toThrow(message)
  expect(
    platform
      .dump()
      .split('\n')
      .filter((line) => line === '7'),
  ).toHaveLength(rows)
})

test('the dump contains everything that KV and the objects store', async () => {
  const platform = aPlatform(async (env) => env.COUNTERS.getByName('object-name').add())
  await platform.isolate({ STEP: '31337' }).fetch(new Request('https://chat.example/'))
  await platform.vault.put('kv-key', 'kv-value', { metadata: 'kv-metadata' })
  const dump = platform.dump()
  for (const needle of ['object-name', '31337', 'kv-key', 'kv-value', 'kv-metadata']) {
    expect(dump).toContain(needle)
  }
})

test('work after the response is awaited, and its failure is reported', async () => {
  const platform = aPlatform((_env, _request, ctx) => {
    ctx.waitUntil(new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), 5)))
  })
  await platform.isolate({ STEP: '1' }).fetch(new Request('https://chat.example/'))
  expect(await platform.settle()).toEqual([new Error('late')])
})

test('passThroughOnException is forbidden', async () => {
  const work = inWorker((_env, _request, ctx) => ctx.passThroughOnException())
  await expect(work).rejects.toThrow('unguarded')
})
