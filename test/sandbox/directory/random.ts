/** A seeded random generator: the same seed gives the same sequence on every machine. */
export interface Random {
  /** 32 bits, unsigned. */
  bits(): number
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  guid(): string
}

/** Mulberry32: 32 bits of state are plenty for test data, and it is fast enough for 200,000 people. */
export function createRandom(seed: number): Random {
  let state = mix(seed)
  const bits = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return (word ^ (word >>> 14)) >>> 0
  }
  const below = (limit: number): number => Math.floor((bits() / 0x1_0000_0000) * limit)
  return {
    bits,
    below,
    chance: (probability) => bits() < probability * 0x1_0000_0000,
    pick<T>(list: readonly T[]): T {
      const picked = list[below(list.length)]
      if (picked === undefined) throw new RangeError('nothing to pick from')
      return picked
    },
    guid() {
      const digits = hex(bits()) + hex(bits()) + hex(bits()) + hex(bits())
      const variant = '89ab'.charAt(bits() & 3)
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        variant + digits.slice(17, 20),
        digits.slice(20, 32),
      ].join('-')
    },
  }
}

/** Hashes an index so that neighbouring inputs differ in every bit, to seed one item among many. */
export function mix(...parts: readonly number[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x01000193)
    hash ^= hash >>> 15
    hash = Math.imul(hash, 0x2c1b3c6d)
    hash ^= hash >>> 13
  }
  return hash >>> 0
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
