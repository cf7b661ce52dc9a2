/** Isolates live long; what they remember must not grow with the number of users: the oldest goes first. */
export function setBounded<K, V>(
  memory: Map<K, V>,
  [key, value]: readonly [K, V],
  most: number,
): void {
  memory.delete(key)
  memory.set(key, value)
  for (const oldest of memory.keys()) {
    if (memory.size <= most) return
    memory.delete(oldest)
  }
}
