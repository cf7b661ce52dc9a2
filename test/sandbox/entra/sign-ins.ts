import { randomUUID } from 'node:crypto'
import type { Account } from './accounts.ts'
import type { ClaimDemand } from './claims-request.ts'

/** One person's session in one browser: the basis of single sign-on, identified by `sid`. */
export interface SignIn {
  readonly sid: string
  readonly browserId: string
  readonly tenantId: string
  readonly userId: string
  /** Epoch milliseconds. */
  readonly authenticatedAt: number
  /** Demands of Conditional Access that this sign-in has satisfied. */
  readonly met: ReadonlySet<ClaimDemand>
  /** The application received a code in this session, so it takes part in single sign-out. */
  readonly hasUsedApplication: boolean
}

/** Sessions of the sign-in service. Ending one leaves refresh tokens valid. */
export class SignIns {
  readonly #signIns = new Map<string, SignIn>()

  /** A new sign-in with the same browser keeps the `sid`. */
  start(browserId: string, account: Account, met: readonly ClaimDemand[]): SignIn {
    const tenantId = account.directory.tenantId
    const userId = account.person.id
    const before = this.of(browserId).find(
      (signIn) => signIn.userId === userId && signIn.tenantId === tenantId,
    )
    const signIn: SignIn = {
      sid: before?.sid ?? randomUUID(),
      browserId,
      tenantId,
      userId,
      authenticatedAt: Date.now(),
      met: new Set([...(before?.met ?? []), ...met]),
      hasUsedApplication: before?.hasUsedApplication ?? false,
    }
    this.#signIns.set(signIn.sid, signIn)
    return signIn
  }

  find(sid: string): SignIn | null {
    return this.#signIns.get(sid) ?? null
  }

  of(browserId: string): readonly SignIn[] {
    return [...this.#signIns.values()].filter((signIn) => signIn.browserId === browserId)
  }

  noteUse(signIn: SignIn): void {
    this.#signIns.set(signIn.sid, { ...signIn, hasUsedApplication: true })
  }

  end(sid: string): void {
    this.#signIns.delete(sid)
  }

  endUser(userId: string): void {
    for (const signIn of this.#signIns.values()) {
      if (signIn.userId === userId) this.#signIns.delete(signIn.sid)
    }
  }

  endAll(): void {
    this.#signIns.clear()
  }
}
