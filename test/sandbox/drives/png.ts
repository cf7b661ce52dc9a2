import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** 8 bits per channel, RGB, no interlace. */
const FORMAT = Uint8Array.of(8, 2, 0, 0, 0)

/** A square picture of coloured blocks derived from the seed, symmetric like an avatar. */
export function pngFor(seed: number, side: number): Uint8Array {
  const colour = [seed & 0x7f, (seed >>> 8) & 0x7f, (seed >>> 16) & 0x7f]
  const rows = Buffer.alloc(side * (1 + side * 3))
  for (let y = 0; y < side; y++) {
    const row = y * (1 + side * 3) + 1
    for (let x = 0; x < side; x++) {
      const column = Math.floor((x * 8) / side)
      const block = Math.floor((y * 8) / side) * 4 + Math.min(column, 7 - column)
      const lit = (seed >>> (block % 29)) & 1
      for (const [channel, value] of colour.entries()) {
        rows[row + x * 3 + channel] = lit === 1 ? value + 0x80 : value
      }
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set(FORMAT, 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
