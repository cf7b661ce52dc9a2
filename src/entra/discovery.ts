import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { IssuerSettings } from '../settings/issuer.ts'

const FRESH_MS = 3_600_000
const USABLE_MS = 86_400_000
const DEADLINE_MS = 10_000
const TENANT_PATH = /^\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\/v2\.0$/i

interface Known {
  readonly server: oauth.AuthorizationServer
  readonly fetchedAt: number
}

/**
 * The sign-in service's metadata, read on first need. One hour fresh, one day usable while the service
 * cannot be reached: a failed discovery must not switch sign-in off until a restart.
 */
export class Discovery {
  /** Keys of the service; oauth4webapi keeps it and refetches an unknown `kid` at most once a minute. */
  readonly jwks: oauth.JWKSCacheInput = {}
  readonly #issuer: IssuerSettings
  #known: Known | null = null
  #pending: Promise<Known> | null = null

  constructor(issuer: IssuerSettings) {
    this.#issuer = issuer
  }

  /** @throws EntradaFailure `sign_in_unavailable`, or `identity_rejected` when the issuer is another one */
  async authorizationServer(): Promise<oauth.AuthorizationServer> {
    const known = this.#known
    const age = known === null ? Number.POSITIVE_INFINITY : Date.now() - known.fetchedAt
    if (known !== null && age < FRESH_MS) return known.server
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = null
    })
    try {
      this.#known = await this.#pending
      return this.#known.server
    } catch (cause) {
      const isOutage = cause instanceof EntradaFailure && cause.code === 'sign_in_unavailable'
      if (known !== null && age < USABLE_MS && isOutage) return known.server
      throw cause
    }
  }

  async #fetch(): Promise<Known> {
    const { authority } = this.#issuer
    const response = await oauth
      .discoveryRequest(authority, {
        signal: () => AbortSignal.timeout(DEADLINE_MS),
        [oauth.allowInsecureRequests]: authority.protocol === 'http:',
      })
      .catch((cause: unknown) => {
        throw new EntradaFailure('sign_in_unavailable', { cause })
      })
    if (response.status !== 200) throw new EntradaFailure('sign_in_unavailable')
    const issuer = expectedIssuer(
      this.#issuer,
      await response
        .clone()
        .json()
        .catch(() => null),
    )
    try {
      return {
        server: await oauth.processDiscoveryResponse(issuer, response),
        fetchedAt: Date.now(),
      }
    } catch (cause) {
      throw new EntradaFailure('identity_rejected', {
        detail:
          'The sign-in service describes itself as another issuer than the one that is configured.',
        cause,
      })
    }
  }
}

const Issuer = v.object({ issuer: v.string() })

/** The issuer the metadata must name, given how the authority was written. */
function expectedIssuer({ authority, kind }: IssuerSettings, metadata: unknown): URL {
  const parsed = v.safeParse(Issuer, metadata)
  const named = parsed.success ? parsed.output.issuer : ''
  switch (kind) {
    case 'template':
      return new URL(`${authority.origin}/{tenantid}/v2.0`)
    case 'tenant':
      // A tenant named by its domain still has its GUID in `issuer`; nothing but the GUID may differ.
      return isTenantOf(named, authority.origin) ? new URL(named) : authority
    case 'exact':
      // Some issuers end with a slash that is easily lost when the setting is copied.
      return named === `${authority.href}/` ? new URL(named) : authority
  }
}

function isTenantOf(issuer: string, origin: string): boolean {
  if (!URL.canParse(issuer)) return false
  const url = new URL(issuer)
  return url.origin === origin && TENANT_PATH.test(url.pathname)
}
