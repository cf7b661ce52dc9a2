import { crc32 } from 'node:zlib'

export interface ZipEntry {
  /** ASCII, with `/` between folders. */
  readonly name: string
  readonly content: string | Uint8Array
}

/** 1 January 2026 in DOS date format. */
const DOS_DATE = ((2026 - 1980) << 9) | (1 << 5) | 1
const VERSION = 20
const LOCAL_HEADER = 30
const CENTRAL_HEADER = 46
const END = 22

/**
 * APPNOTE 4.3: local headers and contents, the central directory, its end record. Nothing is
 * compressed.
 */
export function storedZip(entries: readonly ZipEntry[]): Uint8Array {
  const pieces: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const label = new TextEncoder().encode(name)
    const common = (view: DataView, at: number) => {
      view.setUint16(at, VERSION, true)
      view.setUint16(at + 6, 0, true)
      view.setUint16(at + 8, DOS_DATE, true)
      view.setUint32(at + 10, crc32(bytes), true)
      view.setUint32(at + 14, bytes.length, true)
      view.setUint32(at + 18, bytes.length, true)
      view.setUint16(at + 22, label.length, true)
    }
    const local = record(LOCAL_HEADER, 0x04034b50, (view) => common(view, 4))
    const central = record(CENTRAL_HEADER, 0x02014b50, (view) => {
      view.setUint16(4, VERSION, true)
      common(view, 6)
      view.setUint32(42, offset, true)
    })
    pieces.push(local, label, bytes)
    directory.push(central, label)
    offset += local.length + label.length + bytes.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = record(END, 0x06054b50, (view) => {
    view.setUint16(8, entries.length, true)
    view.setUint16(10, entries.length, true)
    view.setUint32(12, size, true)
    view.setUint32(16, offset, true)
  })
  return concatenated([...pieces, ...directory, end])
}

function record(size: number, signature: number, fill: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(size))
  view.setUint32(0, signature, true)
  fill(view)
  return new Uint8Array(view.buffer)
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
