import type { Browser } from '../../support/browser/browser.ts'
import { CHAT_ORIGIN } from '../../support/chat-double.ts'
import { LibreChat, type LibreChatSettings } from '../../support/chats/librechat.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

export const ISSUER = `${HOME}/.entrada/oidc`
export const REDIRECT_URI = `${HOME}/oauth/openid/callback`
export const CLIENT_ID = 'librechat'
export const CLIENT_SECRET = 'what only the chat and Entrada know: 42%'.replaceAll(' ', '-')
const OTHER_SECRET = 'what only the other chat and Entrada know'.replaceAll(' ', '-')
export const OTHER = { client_id: 'other', client_secret: OTHER_SECRET }
const BOTH = [{ ...OTHER, redirect_uris: [`${HOME}/other`, REDIRECT_URI] }]

export interface ProviderScene {
  readonly entrada: Entrada
  readonly chat: LibreChat
}

export interface ChatOptions extends Partial<LibreChatSettings> {
  readonly settings?: TestSettings
  /** The registration has the optional claim `auth_time`. */
  readonly knowsAuthTime?: boolean
}

/** LibreChat behind Entrada, with Entrada as its issuer. */
export function aChat(
  resources: readonly string[] = [],
  { settings = {}, knowsAuthTime = true, ...chat }: ChatOptions = {},
): ProviderScene {
  const client = {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    resources,
  }
  const libreChat = new LibreChat({
    DOMAIN_SERVER: HOME,
    OPENID_ISSUER: ISSUER,
    OPENID_CLIENT_ID: CLIENT_ID,
    OPENID_CLIENT_SECRET: CLIENT_SECRET,
    fetch: (request) => entrada.fetch(request),
    ...chat,
  })
  const entrada: Entrada = anEntrada({
    hosts: { [CHAT_ORIGIN]: libreChat.handle },
    settings: {
      ORIGIN_URL: CHAT_ORIGIN,
      ORIGIN_PRESET: 'librechat',
      OIDC_CLIENTS: JSON.stringify([client, ...BOTH]),
      ...settings,
    },
  })
  const { sandbox } = entrada
  if (knowsAuthTime) {
    const optionalClaims = [...sandbox.registration.optionalClaims, 'auth_time'] as const
    sandbox.registration = { ...sandbox.registration, optionalClaims }
  }
  return { entrada, chat: libreChat }
}

/** A browser that is signed in at Entrada and, through it, at the chat. */
export async function signedInAtChat(scene: ProviderScene): Promise<Browser> {
  const browser = await signedIn(scene.entrada)
  await browser.open(`${HOME}/oauth/openid`)
  return browser
}

/** Address of a correct authorization request with these changes; `null` omits a parameter. */
export function authorizeUrl(changes: Readonly<Record<string, string | null>> = {}): string {
  const parameters = {
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email offline_access',
    state: 'the-state',
    ...changes,
  }
  const url = new URL(`${ISSUER}/authorize`)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.append(name, value)
  }
  return url.href
}

/** The address to which an authorization request redirects the browser, without following it. */
export async function answerTo(browser: Browser, url: string): Promise<URL> {
  const response = await browser.fetch(url, { redirect: 'manual' })
  return new URL(response.headers.get('location') ?? '', url)
}

/** An authorization code, or the whole address where the response has none. */
export async function codeFor(
  browser: Browser,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<string> {
  const answer = await answerTo(browser, authorizeUrl(changes))
  return answer.searchParams.get('code') ?? answer.href
}

/** Sends a correct token request with these changes; `null` omits a field. */
export function redeem(
  { entrada }: Pick<ProviderScene, 'entrada'>,
  fields: Readonly<Record<string, string | null>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const given = {
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    ...fields,
  }
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) if (value !== null) body.append(name, value)
  return entrada.fetch(`${ISSUER}/token`, { method: 'POST', body, headers })
}
