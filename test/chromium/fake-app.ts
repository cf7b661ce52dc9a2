import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A single-page app that does not handle Entrada: each of its requests fails when the session ends. */
export interface FakeApp {
  readonly address: string
  /** How often its page was loaded. */
  readonly loads: () => number
  close(): void
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <title>App</title>
    <script>
      window.requests = {
        fetch: () => fetch('/api/data'),
        xhr: () => {
          const request = new XMLHttpRequest()
          request.open('GET', '/api/data')
          request.send()
        },
        events: () => new EventSource('/api/events'),
        socket: () => new WebSocket(location.origin.replace('http', 'ws') + '/api/socket'),
        anonymous: () => fetch('/api/data', { credentials: 'omit' }),
        broken: () => fetch('/api/broken'),
      }
    </script>
  </head>
  <body><h1>App</h1></body>
</html>`

/** Caches the page and shows it without asking the network, as installed web apps do. */
const WORKER = `
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open('shell').then((cache) => cache.add('/')).then(() => self.skipWaiting()))
})
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  const isPage = event.request.mode === 'navigate' && new URL(event.request.url).pathname === '/'
  if (isPage) event.respondWith(caches.match('/'))
})`

/** Answers every request of a page load from its cache, as single-page apps in development kits do. */
const GREEDY_LISTENERS = `
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open('shell').then((cache) => cache.add('/')).then(() => self.skipWaiting()))
})
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  const { request } = event
  const { pathname } = new URL(request.url)
  if (request.mode === 'navigate') event.respondWith(caches.match('/'))
  else if (pathname.startsWith('/.entrada')) event.respondWith(new Response('from the worker'))
})`
const SCRIPTS: Readonly<Record<string, string>> = {
  '/sw.js': WORKER,
  '/greedy.js': GREEDY_LISTENERS,
  '/greedy-module.js': "import './greedy-part.js'",
  '/greedy-part.js': GREEDY_LISTENERS,
}

export async function serveFakeApp(): Promise<FakeApp> {
  let loads = 0
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app')
    const say = (type: string, body: string, status = 200) => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    const script = SCRIPTS[pathname]
    if (script !== undefined) say('text/javascript', script)
    else if (pathname === '/api/data') say('application/json', '{}')
    else if (pathname === '/api/broken') say('application/json', '{}', 401)
    else if (pathname === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    } else {
      if (request.headers['sec-fetch-dest'] === 'document') loads += 1
      say('text/html; charset=utf-8', PAGE)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    loads: () => loads,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
