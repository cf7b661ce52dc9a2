import { randomBytes } from 'node:crypto'

/** What an access token stands for. The token itself says nothing, as Microsoft's own advice has it. */
export interface AccessGrant {
  readonly tenantId: string
  readonly userId: string
  readonly clientId: string
  /** Origin of the one resource it is for, e.g. `https://graph.microsoft.com`. */
  readonly audience: string
  /** Short scope names, e.g. `User.Read`. */
  readonly scopes: readonly string[]
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Minted by the sign-in service, checked by Graph and SharePoint. */
export class AccessTokens {
  readonly #grants = new Map<string, AccessGrant>()

  mint(grant: AccessGrant): string {
    const token = `sandbox-access-${randomBytes(24).toString('base64url')}`
    this.#grants.set(token, grant)
    return token
  }

  /** The grant whatever its age and audience; whoever asks checks both. */
  find(token: string): AccessGrant | null {
    return this.#grants.get(token) ?? null
  }

  /** Every token ever minted: what a search for leaks looks for. */
  get minted(): readonly string[] {
    return [...this.#grants.keys()]
  }
}
