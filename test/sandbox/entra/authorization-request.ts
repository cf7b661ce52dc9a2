import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import type { Authority } from './authority.ts'
import { type ClaimsRequest, readClaimsRequest } from './claims-request.ts'
import type { CodeChallenge } from './grants.ts'
import { platformOf } from './redirect-uris.ts'
import { type RequestedScopes, readScopes } from './scopes.ts'

const RESPONSE_MODES = ['query', 'fragment', 'form_post'] as const
const PROMPTS: ReadonlySet<string> = new Set(['login', 'none', 'consent', 'select_account'])

/** The validated redirect target. Until it is valid, no redirect may happen (RFC 6749 §4.1.2.1). */
export interface ReplyAddress {
  readonly redirectUri: string
  readonly isSinglePage: boolean
  readonly state: string | null
  readonly mode: (typeof RESPONSE_MODES)[number]
}

export interface AuthorizationRequest {
  readonly authority: Authority
  readonly reply: ReplyAddress
  readonly scope: string
  readonly scopes: RequestedScopes
  readonly prompt: string | null
  readonly loginHint: string | null
  readonly nonce: string | null
  readonly challenge: CodeChallenge | null
  readonly claims: ClaimsRequest
  readonly wantsClientInfo: boolean
}

/** Checks that this authority accepts the application. */
export function checkClient(
  world: EntraWorld,
  authority: Authority,
  parameters: URLSearchParams,
): void {
  const { registration } = world
  const clientId = required(parameters, 'client_id')
  if (clientId !== registration.clientId) {
    throw new AadstsError(700016, `Application: '${clientId}'.`)
  }
  if (authority.kind === 'consumers') throw new AadstsError(9002332)
  if (registration.signInAudience === 'AzureADMultipleOrgs') return
  if (authority.kind !== 'tenant') throw new AadstsError(50194)
  if (authority.directory.tenantId !== world.entra.homeTenantId) {
    throw new AadstsError(700016, `Directory: '${authority.directory.domain}'.`)
  }
}

/** A wrong redirect URI leads to an error page: a redirect there would be an open redirect. */
export function readReplyAddress(world: EntraWorld, parameters: URLSearchParams): ReplyAddress {
  const redirectUri = parameters.get('redirect_uri')
  if (redirectUri === null || redirectUri === '') throw new AadstsError(900971)
  const platform = platformOf(redirectUri, world.registration)
  if (platform === null) throw new AadstsError(50011, `Requested: '${redirectUri}'.`)
  const wanted = parameters.get('response_mode')
  return {
    redirectUri,
    isSinglePage: platform === 'spa',
    // Entra strips HTML from `state`, so a state that contains HTML comes back changed.
    state: parameters.get('state')?.replace(/<[^>]*>/g, '') ?? null,
    mode: RESPONSE_MODES.find((mode) => mode === wanted) ?? 'query',
  }
}

export function readAuthorizationRequest(
  world: EntraWorld,
  { authority, reply }: Pick<AuthorizationRequest, 'authority' | 'reply'>,
  parameters: URLSearchParams,
): AuthorizationRequest {
  checkResponseType(required(parameters, 'response_type'))
  const mode = parameters.get('response_mode')
  if (mode !== null && mode !== reply.mode) throw new AadstsError(70007, `Mode: '${mode}'.`)
  const prompt = parameters.get('prompt')
  if (prompt !== null && !PROMPTS.has(prompt)) {
    throw new AadstsError(90023, `Unsupported 'prompt' value: '${prompt}'.`)
  }
  const loginHint = parameters.get('login_hint')
  if (prompt === 'select_account' && loginHint !== null) {
    throw new AadstsError(90005, "'login_hint' and prompt=select_account.")
  }
  const scope = required(parameters, 'scope')
  return {
    authority,
    reply,
    scope,
    scopes: readScopes(scope, world.hosts),
    prompt,
    loginHint,
    nonce: parameters.get('nonce'),
    challenge: readChallenge(parameters),
    claims: readClaimsRequest(parameters.get('claims')),
    wantsClientInfo: parameters.get('client_info') === '1',
  }
}

export function required(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name)
  if (value === null || value === '') throw new AadstsError(900144, `Parameter: '${name}'.`)
  return value
}

/** The registration enables neither implicit flow, so only `response_type=code` is accepted. */
function checkResponseType(responseType: string): void {
  if (responseType === 'code') return
  const words = responseType.split(' ')
  if (words.some((word) => word === 'id_token' || word === 'token')) throw new AadstsError(700054)
  throw new AadstsError(70005, `Response type: '${responseType}'.`)
}

/** RFC 7636 §4.3: a missing method means `plain`. */
function readChallenge(parameters: URLSearchParams): CodeChallenge | null {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method') ?? 'plain'
  if (value === null) return null
  if (method !== 'S256' && method !== 'plain') throw new AadstsError(501491, `Method: '${method}'.`)
  const form = method === 'S256' ? /^[\w-]{43}$/ : /^[\w.~-]{43,128}$/
  if (!form.test(value)) throw new AadstsError(501491)
  return { method, value }
}
