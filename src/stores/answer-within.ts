/** @throws Error when the work takes longer; what it comes to then, nobody hears */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds)
  try {
    return await Promise.race([work, timeUp])
  } finally {
    // An object with a timer running is kept awake and billed.
    clearTimeout(timer)
  }
}

/**
 * Asks something that may fail or hang without harm, and does not wait longer than it is worth.
 * @param absence what to go on with when there is no answer
 */
export async function withFallback<T>(
  call: () => Promise<T>,
  absence: { readonly value: T; readonly afterMs: number },
): Promise<T> {
  try {
    return await withTimeout(absence.afterMs, call())
  } catch {
    // The caller has said what no answer means; why there is none does not change it.
    return absence.value
  }
}
