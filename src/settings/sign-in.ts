import * as v from 'valibot'
import { isGuid } from './issuer.ts'
import type { Variables } from './variables.ts'

const KEY_LENGTH = 32

export interface ClientSettings {
  readonly id: string
  /** Tried in order, so that a secret is rotated without downtime. */
  readonly secrets: readonly string[]
  /** PEM with private key and certificate, for `private_key_jwt`; `null` when secrets are used. */
  readonly certificate: string | null
}

/** Weak keys are refused, not stretched. */
export const STORE_RANDOM = 'Store the output of `openssl rand -base64 48`'

const NOT_RSA = 'holds a key that is not RSA, which Entra does not take'
const MAKE_RSA =
  'Make one with `openssl req -x509 -newkey rsa:2048`, as docs/app-registration.md says'

export function readClient(variables: Variables, isMicrosoft: boolean): ClientSettings {
  const id = variables.required('OPENID_CLIENT_ID', 'Copy it from the app registration')
  if (isMicrosoft && id !== '' && !isGuid(id)) {
    const fix = 'Copy Application (client) ID from the app registration'
    variables.problem('OPENID_CLIENT_ID', 'is not a GUID', fix)
  }
  const secrets = readSecrets(variables)
  for (const [index] of isMicrosoft
    ? [...secrets.entries()].filter(([, one]) => isGuid(one))
    : []) {
    variables.problem(
      'OPENID_CLIENT_SECRET',
      `value ${index + 1} is a GUID: the secret’s id, not the secret`,
      'Make a new one and copy its Value, which is shown once',
    )
  }
  const certificate = readCertificate(variables)
  if (secrets.length === 0 && certificate === null) {
    variables.missing(
      'OPENID_CLIENT_SECRET',
      'is missing, as is OPENID_CLIENT_CERTIFICATE',
      'Store one of them as a secret',
    )
  }
  return { id, secrets, certificate }
}

/** Separated by commas, or a JSON list where a comma is part of a secret: `["one,secret"]`. */
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
    'does not hold a PRIVATE KEY (PKCS#8) and a CERTIFICATE block',
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

/** RFC 8017 §A.1: the algorithm of a PKCS#8 key is told in its first bytes. */
const RSA_ENCRYPTION = '\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01'

function holdsRsaKey(pem: string): boolean {
  const [, text = ''] = /-BEGIN PRIVATE KEY-----([^-]+)-----END/.exec(pem) ?? []
  try {
    return atob(text.replaceAll(/\\n|\s/g, '').slice(0, 64)).includes(RSA_ENCRYPTION)
  } catch {
    return false
  }
}

/** `OPENID_SESSION_SECRET`: what everything at rest is sealed with. */
export function readKeyRing(variables: Variables): readonly string[] {
  const name = 'OPENID_SESSION_SECRET'
  const ring = variables.list(name)
  if (ring.length === 0) variables.missing(name, 'is missing', STORE_RANDOM)
  for (const [index, key] of ring.entries()) {
    const place = `value ${index + 1}`
    if (key.length < KEY_LENGTH) {
      variables.problem(name, `${place} is shorter than ${KEY_LENGTH} characters`, STORE_RANDOM)
    } else if (new Set(key).size < 10) {
      variables.problem(name, `${place} can be guessed`, STORE_RANDOM)
    }
  }
  if (new Set(ring).size !== ring.length) {
    variables.problem(name, 'lists a value twice', 'List each once')
  }
  return ring
}

/** RFC 6749 §3.3: scope-token is printable ASCII without quote and backslash. */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export interface SignInScopes {
  /** What the authorization request asks for, carried-over scopes of other resources included. */
  readonly authorize: readonly string[]
  /** What the token request may name: OpenID's own and Graph's, because Entra takes one resource (AADSTS28000). */
  readonly token: readonly string[]
}

export function readSignInScopes(
  variables: Variables,
  { graph, reuseTokens }: { readonly graph: string | null; readonly reuseTokens: boolean },
): SignInScopes {
  const fallback = `openid profile email offline_access${graph === null ? '' : ' User.Read'}`
  const asked = (variables.text('OPENID_SCOPE') ?? fallback).split(/[\s,]+/)
  if (!asked.every((scope) => SCOPE_TOKEN.test(scope))) {
    variables.problem('OPENID_SCOPE', 'holds what is not a scope', 'Separate scopes with spaces')
  }
  const authorize = new Set(['openid', ...asked])
  if (reuseTokens) authorize.add('offline_access')
  else authorize.delete('offline_access')
  // An issuer that is not Entra has scopes of its own making; none of them names a resource to us.
  const isForeign = (scope: string) =>
    graph !== null && scope.includes('://') && !scope.startsWith(`${graph}/`)
  for (const scope of [...authorize].filter(isForeign)) {
    variables.warnings.push(
      `OPENID_SCOPE: ${scope} is unnecessary, as Entrada needs no exposed API`,
    )
  }
  return {
    authorize: [...authorize],
    token: [...authorize].filter((scope) => !isForeign(scope)),
  }
}
