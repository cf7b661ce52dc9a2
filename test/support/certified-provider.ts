import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/** npm `oidc-provider`, a certified OpenID Provider that we did not write, on a loopback port. */
export interface CertifiedProvider {
  readonly issuer: string
  /** Sends a request to it over a real socket. */
  readonly answer: (request: Request) => Promise<Response>
  close(): Promise<void>
}

export interface ProviderClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly signedOutUri: string
  readonly backChannelLogoutUri?: string
  /** Takes the provider's own requests: logout tokens. */
  readonly deliver?: (request: Request) => Promise<Response>
}

export async function startCertifiedProvider(client: ProviderClient): Promise<CertifiedProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [client.redirectUri],
        post_logout_redirect_uris: [client.signedOutUri],
        grant_types: ['authorization_code', 'refresh_token'],
        ...(client.backChannelLogoutUri === undefined
          ? {}
          : {
              backchannel_logout_uri: client.backChannelLogoutUri,
              backchannel_logout_session_required: true,
            }),
      },
    ],
    claims: { openid: ['sub', 'sid'], profile: ['name', 'preferred_username'], email: ['email'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the Certified`, email: `${id}@op.example` }),
    }),
    features: { backchannelLogout: { enabled: true } },
    issueRefreshToken: async (_context, requester) => requester.grantTypeAllowed('refresh_token'),
    pkce: { required: () => true },
    fetch: async (input, init) =>
      client.deliver?.(new Request(input, init)) ?? new Response(null, { status: 404 }),
  })
  const answer = provider.callback()
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing))
  return {
    issuer,
    answer: (request) => overSocket(request),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Uses a socket, because Node's own `fetch` is replaced while a Worker runs. */
async function overSocket(request: Request): Promise<Response> {
  const body = Buffer.from(await request.arrayBuffer())
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(request.headers)
    const outgoing = httpRequest(request.url, { method: request.method, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const status = incoming.statusCode ?? 500
        const answer = new Headers()
        for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
          answer.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
        }
        const isEmpty = status === 204 || status === 304 || request.method === 'HEAD'
        resolve(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers: answer }))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
