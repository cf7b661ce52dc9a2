import { spawn } from 'node:child_process'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { runLoad } from './load.ts'
import { cpuMicroseconds, memoryMib, pin } from './process-usage.ts'
import { LARGE_BYTES, type Bench } from './scene.ts'

export type Side = 'bare' | 'entrada'

/** One figure for each side, measured in direct succession. */
export type Pair = Readonly<Record<Side, number>>

const SLICE_MS = 500

/** Requests per second, and CPU microseconds per request. */
export async function measureRequests(
  bench: Bench,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly rate: Pair; readonly cpu: Pair }> {
  const request = requestOf('/api/threads?page=1', headers)
  const slice = async (side: Side) => {
    const [cpu, started] = [cpuMicroseconds(bench.pid), performance.now()]
    const answered = await runLoad(bench[side], request, SLICE_MS)
    return {
      rate: (answered / (performance.now() - started)) * 1000,
      cpu: (cpuMicroseconds(bench.pid) - cpu) / answered,
    }
  }
  const { bare, entrada } = await inAnyOrder(slice)
  return {
    rate: { bare: bare.rate, entrada: entrada.rate },
    cpu: { bare: bare.cpu, entrada: entrada.cpu },
  }
}

/**
 * Delay between the chat sending an event and the client receiving it, in milliseconds (median of
 * 40).
 */
export async function measureEvents(bench: Bench): Promise<Pair> {
  return inAnyOrder(async (side) => {
    const delays: number[] = []
    for await (const chunk of await ask(bench, side, '/events')) {
      const sent = Number(/data: ([\d.]+)/.exec(String(chunk))?.[1])
      delays.push(performance.timeOrigin + performance.now() - sent)
    }
    return median(delays)
  })
}

/** MiB per second of a large download, and CPU milliseconds for the whole download. */
export async function measureDownload(
  bench: Bench,
  paths: Readonly<Record<Side, string>>,
): Promise<{ readonly rate: Pair; readonly cpu: Pair }> {
  const { bare, entrada } = await inAnyOrder(async (side) => {
    const cpu = cpuMicroseconds(bench.pid)
    const { bytes, milliseconds } = await download(
      bench[side],
      requestOf(paths[side], bench.headers),
    )
    if (bytes !== LARGE_BYTES) throw new Error(`${bytes} bytes of ${LARGE_BYTES}`)
    return {
      rate: bytes / 1024 / 1024 / (milliseconds / 1000),
      cpu: (cpuMicroseconds(bench.pid) - cpu) / 1000,
    }
  })
  return {
    rate: { bare: bare.rate, entrada: entrada.rate },
    cpu: { bare: bare.cpu, entrada: entrada.cpu },
  }
}

/** Growth of the runtime's memory during the work, in MiB. */
export async function memoryRise(bench: Bench, work: () => Promise<unknown>): Promise<number> {
  const before = memoryMib(bench.pid)
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, memoryMib(bench.pid))
  }, 100)
  await work().finally(() => clearInterval(watch))
  return most - before
}

async function inAnyOrder<T>(
  measure: (side: Side) => Promise<T>,
): Promise<Readonly<Record<Side, T>>> {
  if (Math.random() < 0.5) {
    const bare = await measure('bare')
    return { bare, entrada: await measure('entrada') }
  }
  const entrada = await measure('entrada')
  return { bare: await measure('bare'), entrada }
}

async function download(
  port: number,
  request: string,
): Promise<{ readonly bytes: number; readonly milliseconds: number }> {
  const client = spawn(
    process.execPath,
    [join(import.meta.dirname, 'download.ts'), String(port), request],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (client.pid !== undefined) pin(client.pid, 1)
  let told = ''
  for await (const part of client.stdout) told += String(part)
  const [bytes = Number.NaN, milliseconds = Number.NaN] = told.split(' ').map(Number)
  return { bytes, milliseconds }
}

function requestOf(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function ask(bench: Bench, side: Side, path: string) {
  const { headers } = bench
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port: bench[side], path, headers, agent: false },
      resolve,
    )
    request.on('error', reject)
  })
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
