const WINDOW = 60 * 1000
const RECOVERY = 2 * 60 * 1000

/**
 * Reports say that Entra refuses between the fifth and the twentieth quick repeat; the sandbox
 * refuses the sixteenth.
 */
const REPEATS = 15

/** AADSTS50196: a client that repeats the same redemption has failed to store its tokens. */
export class LoopDetector {
  readonly #redemptions = new Map<string, readonly number[]>()
  readonly #stoppedUntil = new Map<string, number>()

  isLoop(redemption: string): boolean {
    const now = Date.now()
    if (now < (this.#stoppedUntil.get(redemption) ?? 0)) return true
    const recent = (this.#redemptions.get(redemption) ?? []).filter((at) => now - at < WINDOW)
    this.#redemptions.set(redemption, [...recent, now])
    if (recent.length < REPEATS) return false
    this.#stoppedUntil.set(redemption, now + RECOVERY)
    this.#redemptions.delete(redemption)
    return true
  }
}
