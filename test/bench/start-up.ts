import { median } from './measurements.ts'
import { cpuMicroseconds, runtimePid } from './process-usage.ts'
import { buildEntrada, freePort, openRuntime } from './runtime.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import { startSettings } from '../sandbox/start/start-settings.ts'

const ROUNDS = 15
/**
 * Exports the same Durable Object classes, so that the runtime's work for them is not counted as
 * Entrada's start-up.
 */
const EMPTY = `
import { DurableObject } from 'cloudflare:workers'
export class SessionObject extends DurableObject {}
export class UserObject extends DurableObject {}
export class ReplayObject extends DurableObject {}
export class LookupObject extends DurableObject {}
export class KeyObject extends DurableObject {}
export default { fetch: () => new Response() }`

/**
 * `node test/bench/start-up.ts`: time from starting the runtime to the first response, compared
 * with an empty Worker. The difference is the cold-start delay that a visitor sees.
 */
const entrada = buildEntrada()
const served = await serveSandbox({ people: 5, groups: 1 })
try {
  const pairs: { readonly ours: Start; readonly none: Start }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({ ours: await start(entrada), none: await start(EMPTY) })
  }
  for (const [what, key] of [
    ['start-up over an empty Worker (ms)', 'wall'],
    ['  CPU of it (ms)', 'cpu'],
  ] as const) {
    const middle = median(pairs.map(({ ours, none }) => ours[key] - none[key])).toFixed(1)
    // The empty Worker's time shows the machine's speed.
    const sides = [
      median(pairs.map(({ none }) => none[key])),
      median(pairs.map(({ ours }) => ours[key])),
    ]
    const figures = sides.map((side) => side.toFixed(0)).join(' → ')
    console.log(`${what.padEnd(36)}${middle.padEnd(22)}at most 30; ${figures}`)
  }
} finally {
  await served.close()
}

interface Start {
  readonly wall: number
  readonly cpu: number
}

async function start(script: string): Promise<Start> {
  const port = await freePort()
  const bindings = startSettings(
    {
      ...served,
      registration: served.sandbox.registration,
      publicOrigin: `http://localhost:${port}`,
    },
    {},
  )
  const started = performance.now()
  const runtime = await openRuntime([{ name: 'entrada', port, script, bindings }])
  const response = await fetch(`http://localhost:${port}/.entrada/health`)
  await response.arrayBuffer()
  const wall = performance.now() - started
  const cpu = cpuMicroseconds(runtimePid()) / 1000
  await runtime.dispose()
  if (!response.ok) throw new Error(`${response.status}`)
  return { wall, cpu }
}
