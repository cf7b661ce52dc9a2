import { readdirSync, readFileSync } from 'node:fs'
import {
  createServer,
  request as openRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { CAST } from '../sandbox/directory/cast.ts'
import {
  serveEntrada,
  type ServedEntrada,
  type ServedOptions,
} from '../support/workerd/served-entrada.ts'

/** Entrada on the real runtime, in front of the test's chat server. */
export interface ProxyScene {
  readonly entrada: ServedEntrada
  readonly chat: Server
  /** The session of a signed-in member, as a `Cookie` header. */
  readonly cookie: string
  /** Sends a raw request over a TCP socket, with a session. */
  request(path: string, options?: RequestOptions): Promise<IncomingMessage>
  close(): Promise<void>
}

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: NodeJS.ReadableStream | string
  readonly signal?: AbortSignal
}

export async function aProxyScene(
  listener: RequestListener,
  { onServer, ...options }: ServedOptions & { readonly onServer?: (server: Server) => void } = {},
): Promise<ProxyScene> {
  const chat = createServer(listener)
  onServer?.(chat)
  await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve))
  const entrada = await serveEntrada({ ...options, chat: `http://127.0.0.1:${portOf(chat)}` })
  const cookie = await signIn(entrada)
  return {
    entrada,
    chat,
    cookie,
    request: (path, init) => send(new URL(path, entrada.origin), cookie, init),
    async close() {
      await entrada.close()
      chat.closeAllConnections()
      chat.close()
    },
  }
}

/** The chat's handlers by path; a test sets them before its requests. */
export type Routes = Map<string, (request: IncomingMessage, response: ServerResponse) => void>

export function answerBy(routes: Routes): RequestListener {
  return (request, response) => {
    const route = routes.get(request.url?.split('?')[0] ?? '/')
    if (route === undefined) response.end('hello')
    else route(request, response)
  }
}

export async function signIn(entrada: ServedEntrada): Promise<string> {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  return `__Host-entrada=${browser.cookies.get('__Host-entrada')?.value}`
}

export function portOf(server: Server): number {
  const address = server.address() as AddressInfo | null
  return address?.port ?? 0
}

function send(url: URL, cookie: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, signal } = options
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(
      url,
      {
        method,
        headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
        agent: false,
        ...(signal && { signal }),
      },
      resolve,
    )
    outgoing.on('error', reject)
    if (body === undefined || typeof body === 'string') outgoing.end(body)
    else body.pipe(outgoing)
  })
}

export async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  return text
}

/**
 * Writes raw bytes to a TCP socket, one per character, and reads the response for a limited time.
 */
export function sendRaw(origin: string, bytes: string, milliseconds = 500): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
    const finish = () => {
      socket.destroy()
      resolve(text)
    }
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.on('end', finish)
    socket.on('error', finish)
    socket.write(bytes, 'latin1')
    setTimeout(finish, milliseconds)
  })
}

/** Resident memory of the runtime that this process started, in MiB. */
export function runtimeMemory(): number {
  const pages = childrenOf(process.pid)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd'))
    .map((pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]))
  return (Math.max(0, ...pages) * 4096) / 1024 / 1024
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]) === parent
      } catch {
        // The process has ended.
        return false
      }
    })
}
