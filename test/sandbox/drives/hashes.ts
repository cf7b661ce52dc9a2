import { createHash } from 'node:crypto'
import { bytesOf, type Content } from './content.ts'

const STEP = 1024 * 1024
const WIDTH_BITS = 160
const SHIFT_BITS = 11

function* pieces(content: Content): Generator<Uint8Array> {
  for (let at = 0; at < content.size; at += STEP) {
    yield bytesOf(content, at, Math.min(content.size, at + STEP))
  }
}

/** Upper-case hexadecimal, as Graph writes it. */
export function sha256(content: Content): string {
  const hash = createHash('sha256')
  for (const piece of pieces(content)) hash.update(piece)
  return hash.digest('hex').toUpperCase()
}

/**
 * Microsoft's quickXorHash: XORs every byte into a 160-bit ring, 11 bits further each time, then
 * the length.
 */
export function quickXor(content: Content): string {
  const ring = new Uint8Array(WIDTH_BITS / 8)
  const fold = (index: number, value: number) => {
    ring[index] = (ring[index] ?? 0) ^ value
  }
  let bit = 0
  for (const piece of pieces(content)) {
    for (const byte of piece) {
      const index = bit >> 3
      const shifted = byte << (bit & 7)
      fold(index, shifted & 0xff)
      fold((index + 1) % ring.length, shifted >> 8)
      bit = (bit + SHIFT_BITS) % WIDTH_BITS
    }
  }
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(content.size), true)
  length.forEach((byte, index) => fold(ring.length - length.length + index, byte))
  return Buffer.from(ring).toString('base64')
}
