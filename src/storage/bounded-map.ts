/** Isolates live long; what they remember must not grow with the number of users: the oldest goes first. */
export function setBounded<K, V>(
  map: Map<K, V>,
  [key, value]: readonly [K, V],
  maxSize: number,
): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= maxSize) return
    map.delete(oldest)
  }
}
