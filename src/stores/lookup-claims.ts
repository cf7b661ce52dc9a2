interface Holder {
  readonly claimant: string
  readonly until: number
  readonly released: Promise<void>
  release(): void
}

/** Whose turn it is to ask. In memory: an object that forgets it lets one more caller ask, no worse. */
export class Leases {
  readonly #holders = new Map<string, Holder>()

  /** `null`: it is the caller's turn, which it may ask twice; otherwise who has to be waited for. */
  take(name: string, claimant: string, seconds: number): Holder | null {
    const holder = this.#holders.get(name)
    if (holder !== undefined && holder.until > Date.now()) {
      return holder.claimant === claimant ? null : holder
    }
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    this.#holders.set(name, { claimant, until: Date.now() + seconds * 1000, released, release })
    return null
  }

  release(name: string): void {
    this.#holders.get(name)?.release()
    this.#holders.delete(name)
  }
}
