/** Sets a key in a Map and evicts the oldest entries beyond `maxSize`. Bounds the memory of an isolate. */
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
