import * as v from 'valibot'
import { SIGNED_OUT_PATH } from '../paths.ts'
import { isGuid } from './issuer.ts'
import type { Variables } from './variables.ts'

/** Settings of the README's section about sign-in, besides `DOMAIN_SERVER` and the issuer. */
export interface SignInSettings {
  readonly client: ClientSettings
  /** Keys of stored data: the first one seals, all can open. */
  readonly keyRing: readonly string[]
  readonly scopes: SignInScopes
  /** Path of the redirect URI. */
  readonly callbackPath: string
  /** `cp1`: Graph may answer with claims challenges, and its tokens live up to 28 hours. */
  readonly announcesCapabilities: boolean
  /** Whether Entrada stores the refresh token; without it there is sign-in only. */
  readonly reuseTokens: boolean
  readonly useEndSessionEndpoint: boolean
  readonly postLogoutRedirectUri: string
  /** Characters; a longer sign-out URL goes without `id_token_hint` or `logout_hint`. */
  readonly maxLogoutUrlLength: number
}

/** What sign-in depends on. */
interface SignInContext {
  readonly publicOrigin: string
  readonly isMicrosoft: boolean
  /** Origin of Graph; `null` for an issuer that is not Entra. */
  readonly graph: string | null
}

const DEFAULT_CALLBACK_PATH = '/oauth/openid/callback'

/** Reads the settings of sign-in. */
export function readSignIn(
  variables: Variables,
  { publicOrigin, isMicrosoft, graph }: SignInContext,
): SignInSettings {
  const reuseTokens = variables.flag('OPENID_REUSE_TOKENS', true)
  return {
    client: readClient(variables, isMicrosoft),
    keyRing: readKeyRing(variables),
    scopes: readSignInScopes(variables, { graph, reuseTokens }),
    callbackPath:
      variables.pattern(
        'OPENID_CALLBACK_URL',
        /^(?:\/[A-Za-z0-9._~-]+)+$/,
        'is not a plain path',
        `Write a path, e.g. ${DEFAULT_CALLBACK_PATH}`,
      ) ?? DEFAULT_CALLBACK_PATH,
    announcesCapabilities:
      variables.choice('OPENID_CLIENT_CAPABILITIES', ['none', 'cp1'], 'none') === 'cp1',
    reuseTokens,
    useEndSessionEndpoint: variables.flag('OPENID_USE_END_SESSION_ENDPOINT', true),
    postLogoutRedirectUri:
      variables.url('OPENID_POST_LOGOUT_REDIRECT_URI')?.href ?? `${publicOrigin}${SIGNED_OUT_PATH}`,
    maxLogoutUrlLength: variables.number('OPENID_MAX_LOGOUT_URL_LENGTH', 2000, [200, 16_000]),
  }
}

const MIN_KEY_LENGTH = 32

/** Entrada as a client of the issuer: its id and credentials. */
export interface ClientSettings {
  readonly id: string
  /** Tried in this order, so that a secret is rotated without downtime. */
  readonly secrets: readonly string[]
  /** PEM with private key and certificate, for `private_key_jwt`; `null` when secrets are used. */
  readonly certificate: string | null
}

/** The fix for a weak key: Entrada refuses it and does not stretch it. */
export const STORE_RANDOM = 'Store the output of `openssl rand -base64 48`'

const NOT_RSA = 'holds a key that is not RSA, which Entra does not take'
const MAKE_RSA =
  'Make an RSA key with `openssl req -x509 -newkey rsa:2048`, as docs/app-registration.md says'

function readClient(variables: Variables, isMicrosoft: boolean): ClientSettings {
  const id = variables.required('OPENID_CLIENT_ID', 'Copy it from the app registration')
  if (isMicrosoft && id !== '' && !isGuid(id)) {
    const fix = 'Copy the Application (client) ID from the app registration'
    variables.problem('OPENID_CLIENT_ID', 'is not a GUID', fix)
  }
  const secrets = readSecrets(variables)
  for (const [index] of isMicrosoft
    ? [...secrets.entries()].filter(([, one]) => isGuid(one))
    : []) {
    variables.problem(
      'OPENID_CLIENT_SECRET',
      `value ${index + 1} is a GUID: the secret’s id, not the secret`,
      'Create a new secret and copy its Value, which is shown once',
    )
  }
  const certificate = readCertificate(variables)
  if (secrets.length === 0 && certificate === null) {
    variables.missing(
      'OPENID_CLIENT_SECRET',
      'is missing, as is OPENID_CLIENT_CERTIFICATE',
      'Store one of the two with `wrangler secret put`',
    )
  }
  return { id, secrets, certificate }
}

/** Reads secrets that are separated by commas, or a JSON list of secrets with commas: `["one,secret"]`. */
function readSecrets(variables: Variables): readonly string[] {
  const name = 'OPENID_CLIENT_SECRET'
  const List = v.pipe(v.string(), v.parseJson(), v.array(v.pipe(v.string(), v.nonEmpty())))
  const { success, output } = v.safeParse(List, variables.text(name))
  return success ? output : variables.list(name)
}

const PEM_FORMS: readonly (readonly [form: RegExp, problem: string, fix: string])[] = [
  [
    /-BEGIN (?:RSA|ENCRYPTED) PRIVATE KEY-/,
    'holds a key that is PKCS#1 or encrypted, not plain PKCS#8',
    'Convert it with `openssl pkcs8 -topk8 -nocrypt -in key.pem`',
  ],
  [/-BEGIN (?:EC|DSA) PRIVATE KEY-/, NOT_RSA, MAKE_RSA],
  [
    /^(?![^]*-BEGIN PRIVATE KEY-)|^(?![^]*-BEGIN CERTIFICATE-)/,
    'does not hold both a PRIVATE KEY (PKCS#8) and a CERTIFICATE block',
    'Join both PEM files into one value',
  ],
]

function readCertificate(variables: Variables): string | null {
  const name = 'OPENID_CLIENT_CERTIFICATE'
  const pem = variables.text(name)
  if (pem === null) return null
  const [, problem, fix] = PEM_FORMS.find(([form]) => form.test(pem)) ?? []
  if (problem !== undefined && fix !== undefined) variables.problem(name, problem, fix)
  else if (!holdsRsaKey(pem)) variables.problem(name, NOT_RSA, MAKE_RSA)
  return pem
}

/** DER of the OID rsaEncryption (RFC 8017 §A.1), which a PKCS#8 key has in its first bytes. */
const RSA_ENCRYPTION = '\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01'

function holdsRsaKey(pem: string): boolean {
  const [, text = ''] = /-BEGIN PRIVATE KEY-----([^-]+)-----END/.exec(pem) ?? []
  try {
    return atob(text.replaceAll(/\\n|\s/g, '').slice(0, 64)).includes(RSA_ENCRYPTION)
  } catch {
    return false
  }
}

/** Reads `OPENID_SESSION_SECRET`, the keys that seal stored data. */
function readKeyRing(variables: Variables): readonly string[] {
  const name = 'OPENID_SESSION_SECRET'
  const ring = variables.list(name)
  if (ring.length === 0) variables.missing(name, 'is missing', STORE_RANDOM)
  for (const [index, key] of ring.entries()) {
    const place = `value ${index + 1}`
    if (key.length < MIN_KEY_LENGTH) {
      variables.problem(name, `${place} is shorter than ${MIN_KEY_LENGTH} characters`, STORE_RANDOM)
    } else if (new Set(key).size < 10) {
      variables.problem(
        name,
        `${place} has fewer than 10 different characters and can be guessed`,
        STORE_RANDOM,
      )
    }
  }
  if (new Set(ring).size !== ring.length) {
    variables.problem(name, 'lists a value twice', 'List each value once')
  }
  return ring
}

/** RFC 6749 §3.3: scope-token is printable ASCII without quote and backslash. */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

/** The scopes of sign-in. */
interface SignInScopes {
  /** Scopes of the authorization request, those of other resources included. */
  readonly authorize: readonly string[]
  /** Scopes of the token request: OpenID's and Graph's only, because Entra allows one resource (AADSTS28000). */
  readonly token: readonly string[]
}

function readSignInScopes(
  variables: Variables,
  { graph, reuseTokens }: { readonly graph: string | null; readonly reuseTokens: boolean },
): SignInScopes {
  const fallback = `openid profile email offline_access${graph === null ? '' : ' User.Read'}`
  const asked = (variables.text('OPENID_SCOPE') ?? fallback).split(/[\s,]+/)
  if (!asked.every((scope) => SCOPE_TOKEN.test(scope))) {
    variables.problem(
      'OPENID_SCOPE',
      'holds a word that is not a scope',
      'Separate the scopes with spaces',
    )
  }
  const authorize = new Set(['openid', ...asked])
  if (reuseTokens) authorize.add('offline_access')
  else authorize.delete('offline_access')
  // Another issuer's scopes may contain `://` and name no resource of Microsoft's.
  const isForeign = (scope: string) =>
    graph !== null && scope.includes('://') && !scope.startsWith(`${graph}/`)
  for (const scope of [...authorize].filter(isForeign)) {
    variables.warnings.push(
      `OPENID_SCOPE: ${scope} is unnecessary, because Entrada needs no exposed API`,
    )
  }
  return {
    authorize: [...authorize],
    token: [...authorize].filter((scope) => !isForeign(scope)),
  }
}
