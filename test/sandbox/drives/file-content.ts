import { type Content, held, made } from './content.ts'
import { extensionOf } from './media-types.ts'
import { wordDocument, workbook } from './office-document.ts'

/** Default content for a file's name and size: a valid file where small, noise otherwise. */
export function contentFor(name: string, size: number, seed: number): Content {
  switch (extensionOf(name)) {
    case 'docx':
    case 'docm':
      return held(wordDocument(name, size))
    case 'xlsx':
      return held(workbook(name, size))
    case 'pptx':
    case 'zip':
      return made(size, seed, ZIP)
    case 'mp4':
      return made(size, seed, MP4)
    default:
      return made(size, seed)
  }
}

/** An encrypting label replaces the document by a compound file, whatever its name extension is. */
export function protectedContent(_name: string, size: number, seed: number): Content {
  return made(size, seed, COMPOUND_FILE)
}

const ZIP = Uint8Array.of(0x50, 0x4b, 0x03, 0x04)
const MP4 = new TextEncoder().encode('\0\0\0\u0018ftypmp42')
/** [MS-CFB] 2.2: signature, no class id, version 3, little-endian, sectors of 512 bytes. */
const COMPOUND_FILE = Uint8Array.from([
  ...[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
  ...Array.from({ length: 16 }, () => 0),
  ...[0x3e, 0x00, 0x03, 0x00, 0xfe, 0xff, 0x09, 0x00],
])
