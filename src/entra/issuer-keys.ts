import { createLocalJWKSet, decodeProtectedHeader, type JWTVerifyGetKey } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import type { AuthorizationServer } from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { PAUSE_MS, RemoteDocument, type DocumentStore } from './remote-document.ts'

const KeySet = v.object({
  keys: v.array(v.looseObject({ kty: v.string(), issuer: v.optional(v.string()) })),
})

type IssuedKeys = v.InferOutput<typeof KeySet>

/** The keys the sign-in service signs with. A key nobody knows is looked for once a minute at most. */
export class IssuerKeys {
  readonly #shelf: DocumentStore
  #document: { readonly url: string; readonly keys: RemoteDocument<IssuedKeys> } | null = null

  constructor(shelf: DocumentStore) {
    this.#shelf = shelf
  }

  /**
   * Picks the key a token names, among those that may sign for its issuer.
   * @throws EntradaFailure `sign_in_unavailable`; jose's own errors when no key fits
   */
  of(server: AuthorizationServer): JWTVerifyGetKey {
    const keys = this.#at(addressOf(server))
    return async (header, token) => {
      try {
        return await candidates(await keys.read(), server.issuer)(header, token)
      } catch (cause) {
        if (!(cause instanceof JWKSNoMatchingKey)) throw cause
        return candidates(await keys.read(PAUSE_MS), server.issuer)(header, token)
      }
    }
  }

  /** @throws EntradaFailure `sign_in_unavailable` */
  async count(server: AuthorizationServer): Promise<number> {
    return (await this.#at(addressOf(server)).read()).keys.length
  }

  #at(url: string): RemoteDocument<IssuedKeys> {
    if (this.#document?.url !== url) {
      this.#document = { url, keys: new RemoteDocument(url, readKeySet, this.#shelf) }
    }
    return this.#document.keys
  }
}

/**
 * What to tell when a token names a key that is not there.
 * @param token in compact form
 */
export function unlistedKey(
  server: AuthorizationServer,
  token: string,
  cause: unknown,
): EntradaFailure {
  const { kid = '' } = decodeProtectedHeader(token)
  return new EntradaFailure('identity_rejected', {
    detail: 'It is signed with a key that its issuer does not list.',
    facts: { kid: kid.slice(0, 200), keysAt: addressOf(server) },
    cause,
  })
}

/** Keys that came over plain http could be anybody's; only an issuer on loopback may have them there. */
function addressOf({ jwks_uri: url, issuer }: AuthorizationServer): string {
  if (url === undefined || !(url.startsWith('https:') || issuer.startsWith('http:'))) {
    throw new EntradaFailure('identity_rejected')
  }
  return url
}

/**
 * Entra's keys each name the issuer they may sign for: the `{tenantid}` template serves any tenant, a concrete
 * issuer only itself. Otherwise a key meant for personal accounts could sign for an organisation.
 */
function candidates({ keys }: IssuedKeys, issuer: string): JWTVerifyGetKey {
  const fit = keys.filter(
    ({ issuer: own }) => own === undefined || own === issuer || own.includes('{tenantid}'),
  )
  // Checked as far as it matters here; jose imports a key when it is used and refuses what is not one.
  return createLocalJWKSet({ keys: fit })
}

async function readKeySet(text: string): Promise<IssuedKeys> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), KeySet), text)
  // An answer that is no key set is an outage with status 200.
  if (!parsed.success) throw new EntradaFailure('sign_in_unavailable')
  return parsed.output
}
