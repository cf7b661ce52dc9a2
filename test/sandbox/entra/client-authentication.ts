import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const MAX_ASSERTION_SECONDS = 600
const CLOCK_SKEW_SECONDS = 300

export interface TokenRequest {
  readonly request: Request
  readonly form: URLSearchParams
}

/** The client's credentials, from the form or from the header. */
interface Credentials {
  readonly clientId: string
  readonly secret: string | null
}

/** The client id without proof, for the checks that run before authentication. */
export function readCredentials({ request, form }: TokenRequest): Credentials {
  const basic = readBasic(request.headers.get('authorization'))
  const clientId = basic?.clientId ?? form.get('client_id')
  if (clientId === null || clientId === '') {
    throw new AadstsError(900144, "Parameter: 'client_id'.")
  }
  const posted = form.get('client_secret')
  // RFC 6749 §2.3: one method per request.
  if (basic !== null && (posted !== null || form.has('client_assertion'))) {
    throw new AadstsError(9002313, 'The client authenticates in more than one way.')
  }
  return { clientId, secret: basic?.secret ?? (posted === '' ? null : posted) }
}

/**
 * Accepts a secret from the form or Basic header, or an assertion signed with a registered
 * certificate.
 */
export async function authenticateClient(
  world: EntraWorld,
  tokenRequest: TokenRequest,
  tokenEndpoint: string,
): Promise<void> {
  const { form } = tokenRequest
  const { clientId, secret } = readCredentials(tokenRequest)
  const assertion = form.get('client_assertion')
  if (assertion !== null && assertion !== '') {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
      throw new AadstsError(900144, "Parameter: 'client_assertion_type'.")
    }
    return checkAssertion(world, { assertion, clientId, tokenEndpoint })
  }
  if (secret === null) throw new AadstsError(7000218)
  if (world.faults.take('entra.secret_expired') !== null) throw new AadstsError(7000222)
  const isKnown = world.registration.clientSecrets.some((known) => isEqual(known, secret))
  if (!isKnown || world.faults.take('entra.wrong_secret') !== null) throw new AadstsError(7000215)
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined, so `+` is a space. */
function readBasic(header: string | null): Credentials | null {
  const encoded = /^basic +(?<value>\S+)$/i.exec(header ?? '')?.groups?.['value']
  if (encoded === undefined) return null
  const [id, ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
  try {
    const [clientId, secret] = [id ?? '', rest.join(':')].map((half) =>
      decodeURIComponent(half.replaceAll('+', ' ')),
    )
    if (clientId === undefined || clientId === '') return null
    return { clientId, secret: secret === undefined || secret === '' ? null : secret }
  } catch {
    // An invalid percent sequence: the parts were joined without encoding, so the secret cannot
    // match.
    throw new AadstsError(7000215, 'The Authorization header is not form-encoded.')
  }
}

interface Assertion {
  readonly assertion: string
  readonly clientId: string
  readonly tokenEndpoint: string
}

/**
 * Requires `jti` but accepts a repeated one: MSAL reuses an assertion until it expires, so Entra
 * cannot refuse it either.
 */
async function checkAssertion(
  world: EntraWorld,
  { assertion, clientId, tokenEndpoint }: Assertion,
): Promise<void> {
  const claims = await verifiedClaims(assertion, world.registration.certificates)
  if (claims['iss'] !== clientId || claims['sub'] !== clientId) throw new AadstsError(700021)
  if (claims['aud'] !== tokenEndpoint) throw new AadstsError(700023, `Expected: ${tokenEndpoint}`)
  const now = Date.now() / 1000
  const { exp, nbf, iat } = claims
  const from = typeof nbf === 'number' ? nbf : iat
  if (typeof exp !== 'number' || typeof from !== 'number') throw new AadstsError(700024)
  const isTimely = exp > now && from <= now + CLOCK_SKEW_SECONDS
  if (!isTimely || exp - from > MAX_ASSERTION_SECONDS) throw new AadstsError(700024)
  if (typeof claims['jti'] !== 'string' || claims['jti'] === '') {
    throw new AadstsError(700027, "The assertion lacks a 'jti'.")
  }
}

async function verifiedClaims(
  assertion: string,
  certificates: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const thumbprint = decodeProtectedHeader(assertion)['x5t#S256']
    const certificate = certificates
      .map((pem) => new X509Certificate(pem))
      .find((each) => thumbprintOf(each) === thumbprint)
    if (certificate === undefined) throw new AadstsError(700027, 'The key was not found.')
    if (certificate.validToDate.getTime() < Date.now()) {
      throw new AadstsError(700027, 'The certificate has expired.')
    }
    const { payload } = await compactVerify(assertion, certificate.publicKey, {
      algorithms: ['PS256'],
    })
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
    if (typeof claims === 'object' && claims !== null) return { ...claims }
    throw new AadstsError(700027, 'The assertion has no claims.')
  } catch (error) {
    // Entra uses one AADSTS number for every error that jose or the JSON parser reports.
    throw error instanceof AadstsError ? error : new AadstsError(700027)
  }
}

/** The certificate's `x5t#S256` (RFC 7515 §4.1.8). */
export function thumbprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url')
}

function isEqual(known: string, presented: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(known), digest(presented))
}
