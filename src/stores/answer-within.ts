/**
 * Asks something that may fail or hang without harm, and does not wait longer than it is worth.
 * @param absence what to go on with when there is no answer
 */
export async function answerWithin<T>(
  call: () => Promise<T>,
  absence: { readonly value: T; readonly afterMs: number },
): Promise<T> {
  const { promise: timeUp, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(absence.value), absence.afterMs)
  try {
    return await Promise.race([call(), timeUp])
  } catch {
    // The caller has said what no answer means; why there is none does not change it.
    return absence.value
  } finally {
    clearTimeout(timer)
  }
}
