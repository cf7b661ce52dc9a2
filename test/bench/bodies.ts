import { request } from 'node:http'
import { memoryMib, runtimePid } from './process-usage.ts'
import { buildEntrada, freePort, openRuntime } from './runtime.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import { startSettings } from '../sandbox/start/start-settings.ts'

const AT_ONCE = 50
const BODY_BYTES = 95 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'a')
const MOST_MIB = 32
const PATHS = ['backchannel-logout', 'oidc/token', 'oidc/logout', 'oidc/authorize']
const CLIENT = {
  client_id: 'chat',
  client_secret: 'of-the-chat-server-and-for-this-run-alone',
  redirect_uris: ['http://localhost:3080/oauth'],
}

/**
 * `node test/bench/bodies.ts`: memory of the runtime while anonymous clients send fifty forms of 95
 * MiB at once to each route that reads a form. The process fails when memory grows by more than one
 * or two forms.
 */
const served = await serveSandbox({ people: 5, groups: 1 })
const port = await freePort()
const { registration } = served.sandbox
const bindings = startSettings(
  { ...served, registration, publicOrigin: `http://localhost:${port}` },
  { OIDC_CLIENTS: JSON.stringify([CLIENT]) },
)
const runtime = await openRuntime([{ name: 'entrada', port, script: buildEntrada(), bindings }])
try {
  const pid = runtimePid()
  await fetch(`http://localhost:${port}/.entrada/ready`)
  for (const path of PATHS) {
    const before = memoryMib(pid)
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, memoryMib(pid))
    }, 50)
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => flood(path)))
    clearInterval(watch)
    const grown = peak - before
    const kinds = [...new Set(answers)].join(', ')
    console.log(`${path.padEnd(24)}+${grown.toFixed(0)} MiB (at most ${MOST_MIB}); ${kinds}`)
    if (grown > MOST_MIB || !answers.includes('413')) process.exitCode = 1
  }
} finally {
  await runtime.dispose()
  await served.close()
}

/**
 * The status of the response, or that the connection was closed while the client was still sending.
 */
function flood(path: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const options = { port, path: `/.entrada/${path}`, method: 'POST', headers }
    const outgoing = request(options, (incoming) => {
      incoming.resume()
      outgoing.destroy()
      resolve(String(incoming.statusCode))
    })
    outgoing.on('error', () => resolve('closed'))
    let sent = 0
    const send = () => {
      while (sent < BODY_BYTES && !outgoing.destroyed) {
        sent += CHUNK.byteLength
        if (!outgoing.write(CHUNK)) {
          outgoing.once('drain', send)
          return
        }
      }
      outgoing.end()
    }
    send()
  })
}
