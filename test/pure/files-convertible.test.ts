import { expect, test } from 'vitest'
import { EntradaFailure } from '../../src/failure.ts'
import { needsConversion } from '../../src/files/file-policy.ts'
import type { DriveItem } from '../../src/graph/drive-item.ts'
import { readDriveItemAddress } from '../../src/graph/drive-item-address.ts'

/** Graph's list of sources for `format=pdf` in 2026 (driveItem: get content in another format). */
const SOURCES =
  'csv doc docx odp ods odt pot potm potx pps ppsx ppsxm ppt pptm pptx rtf xls xlsx'.split(' ')

function itemNamed(name: string): DriveItem {
  const address = readDriveItemAddress(
    'b!abcdefghijklmnopqrstuvwxyz',
    '01ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  )
  if (address === null) throw new Error('not an address')
  return {
    address,
    name,
    size: 1,
    eTag: null,
    mediaType: null,
    modifiedAt: null,
    webUrl: null,
    state: 'available',
    isCheckedOut: false,
    hashes: {},
  }
}

test.each(SOURCES)('converts %s to PDF', (extension) => {
  expect(needsConversion(itemNamed(`A file.${extension.toUpperCase()}`))).toBe(true)
})

test.each(['eml', 'epub', 'html', 'htm', 'md', 'msg', 'tif', 'tiff', 'xlsm', 'loop', 'png', ''])(
  'refuses to convert %s, which Microsoft does not',
  (extension) => {
    expect(() => needsConversion(itemNamed(`A file.${extension}`))).toThrow(EntradaFailure)
  },
)
