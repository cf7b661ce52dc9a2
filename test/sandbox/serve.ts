import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { rememberRawHeaders } from './chat/raw-headers.ts'
import { attachChatSockets } from './chat/sockets.ts'
import type { SandboxHosts } from './hosts.ts'
import { createSandbox, type HostHandler, type Sandbox, type SandboxOptions } from './sandbox.ts'

/** Entrada is on `localhost`, so that a browser takes tenant and Entrada for different sites, as in production. */
const ADDRESS = '127.0.0.1'

export interface ServeOptions extends Omit<SandboxOptions, 'hosts'> {
  /** 0, or leaving it out, takes any free port. */
  readonly ports?: Partial<Readonly<Record<keyof SandboxHosts, number>>>
}

export interface ServedSandbox {
  readonly hosts: SandboxHosts
  readonly sandbox: Sandbox
  /** Ends every connection, streams and sockets included. */
  close(): Promise<void>
}

/**
 * The sandbox on loopback, one port per host. The ports are bound before the sandbox is made: its answers contain
 * URLs with these ports, and another process can take a port that was only looked up.
 */
export async function serveSandbox(options: ServeOptions = {}): Promise<ServedSandbox> {
  const { ports = {}, ...sandboxOptions } = options
  const servers: Readonly<Record<keyof SandboxHosts, Server>> = {
    login: createServer(),
    graph: createServer(),
    sharePoint: createServer(),
    oneDrive: createServer(),
    sharePointEurope: createServer(),
    oneDriveEurope: createServer(),
    download: createServer(),
    chat: createServer(),
    control: createServer(),
  }
  const listening = await Promise.allSettled([
    listen(servers.login, ports.login),
    listen(servers.graph, ports.graph),
    listen(servers.sharePoint, ports.sharePoint),
    listen(servers.oneDrive, ports.oneDrive),
    listen(servers.sharePointEurope, ports.sharePointEurope),
    listen(servers.oneDriveEurope, ports.oneDriveEurope),
    listen(servers.download, ports.download),
    listen(servers.chat, ports.chat),
    listen(servers.control, ports.control),
  ])
  const failed = listening.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(Object.values(servers).map(closeServer))
    throw failed.reason
  }
  const hosts: SandboxHosts = {
    login: originOf(servers.login),
    graph: originOf(servers.graph),
    sharePoint: originOf(servers.sharePoint),
    oneDrive: originOf(servers.oneDrive),
    sharePointEurope: originOf(servers.sharePointEurope),
    oneDriveEurope: originOf(servers.oneDriveEurope),
    download: originOf(servers.download),
    chat: originOf(servers.chat),
    control: originOf(servers.control),
  }
  const sandbox = createSandbox({ ...sandboxOptions, hosts })
  for (const host of [
    'login',
    'graph',
    'sharePoint',
    'oneDrive',
    'sharePointEurope',
    'oneDriveEurope',
    'download',
    'chat',
    'control',
  ] as const) {
    answer(servers[host], sandbox.handlers[host])
  }
  const endSockets = attachChatSockets(servers.chat, (incoming) =>
    journalUpgrade(sandbox, incoming),
  )
  return {
    hosts,
    sandbox,
    async close() {
      endSockets()
      await Promise.all(Object.values(servers).map(closeServer))
    },
  }
}

function answer(server: Server, handler: HostHandler): void {
  const listener = getRequestListener(
    async (request, bindings) => {
      const { incoming, outgoing } = bindings as HttpBindings
      rememberRawHeaders(request, incoming.rawHeaders)
      return withBreakableBody(await handler(request), outgoing)
    },
    { overrideGlobalObjects: false },
  )
  server.on('request', (incoming, outgoing) => void listener(incoming, outgoing))
}

/**
 * Closes the connection when a body fails. The server alone would write the error's text after the bytes sent so
 * far, and a client would read the text as part of the file.
 */
function withBreakableBody(response: Response, outgoing: ServerResponse): Response {
  if (response.body === null) return response
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part: { readonly value?: unknown } = await reader.read()
          if (part.value instanceof Uint8Array) controller.enqueue(part.value)
          else controller.close()
        } catch {
          outgoing.destroy()
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}

function journalUpgrade(sandbox: Sandbox, incoming: IncomingMessage): void {
  const headers = new Headers()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
  }
  const url = new URL(incoming.url ?? '/', sandbox.hosts.chat)
  const form = new URLSearchParams()
  sandbox.journal.record({ host: 'chat', method: 'GET', url, headers, form })
}

function listen(server: Server, port = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, ADDRESS, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function originOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  return `http://${ADDRESS}:${address.port}`
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
