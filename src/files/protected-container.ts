import type { ByteSource } from './byte-source.ts'
import { extensionOf } from './file-name.ts'

/** Documents that are zip archives, unless protection has put a compound file in their place. */
const OPEN_XML = /^(?:doc|dot|xls|xlt|ppt|pps|pot|vsd)[xmb]$/
/** What Microsoft's protection makes of types that cannot carry it themselves. */
const PROTECTED = /^p(?:file|pdf|txt|xml|jpe?g|png|tif|bmp|gif)$/
/** [MS-CFB] §2.2: how a compound file begins. */
const COMPOUND_FILE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] as const

/**
 * Whether an encrypting label or a password has closed the file. Graph does not say; the bytes do. A chat
 * could only report such a file as damaged.
 */
export async function isProtected(name: string, source: ByteSource): Promise<boolean> {
  const extension = extensionOf(name)
  if (PROTECTED.test(extension)) return true
  if (!OPEN_XML.test(extension)) return false
  const start = await source.peek()
  return start.kind === 'bytes' && COMPOUND_FILE.every((byte, index) => start.bytes[index] === byte)
}
