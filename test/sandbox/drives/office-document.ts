import { bytesOf, made } from './content.ts'
import { storedZip, type ZipEntry } from './stored-zip.ts'

const OFFICE = 'http://schemas.openxmlformats.org'
const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
const TYPE = 'application/vnd.openxmlformats-officedocument'
const RELATED = `${OFFICE}/officeDocument/2006/relationships`

/** A one-line document that Word opens, padded to a size. */
export function wordDocument(line: string, size: number): Uint8Array {
  const main = `${OFFICE}/wordprocessingml/2006/main`
  return packaged(size, {
    part: 'word/document.xml',
    type: `${TYPE}.wordprocessingml.document.main+xml`,
    entries: [
      {
        name: 'word/document.xml',
        content: `${DECLARATION}<w:document xmlns:w="${main}"><w:body><w:p><w:r><w:t>${escaped(line)}</w:t></w:r></w:p></w:body></w:document>`,
      },
    ],
  })
}

/** A one-cell workbook that Excel opens, padded to a size. */
export function workbook(line: string, size: number): Uint8Array {
  const main = `${OFFICE}/spreadsheetml/2006/main`
  const sheet = `<row r="1"><c r="A1" t="inlineStr"><is><t>${escaped(line)}</t></is></c></row>`
  return packaged(size, {
    part: 'xl/workbook.xml',
    type: `${TYPE}.spreadsheetml.sheet.main+xml`,
    overrides: `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.spreadsheetml.worksheet+xml"/>`,
    entries: [
      {
        name: 'xl/workbook.xml',
        content: `${DECLARATION}<workbook xmlns="${main}" xmlns:r="${RELATED}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      },
      {
        name: 'xl/_rels/workbook.xml.rels',
        content: relationships(`${RELATED}/worksheet`, 'worksheets/sheet1.xml'),
      },
      {
        name: 'xl/worksheets/sheet1.xml',
        content: `${DECLARATION}<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`,
      },
    ],
  })
}

interface Package {
  readonly part: string
  readonly type: string
  readonly overrides?: string
  readonly entries: readonly ZipEntry[]
}

/** [ECMA-376] part 2. The padding is a part without references to it. */
function packaged(size: number, { part, type, overrides = '', entries }: Package): Uint8Array {
  const defaults = [
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
    '<Default Extension="xml" ContentType="application/xml"/>',
    '<Default Extension="bin" ContentType="application/octet-stream"/>',
  ].join('')
  const all = (filling: Uint8Array): readonly ZipEntry[] => [
    {
      name: '[Content_Types].xml',
      content: `${DECLARATION}<Types xmlns="${OFFICE}/package/2006/content-types">${defaults}<Override PartName="/${part}" ContentType="${type}"/>${overrides}</Types>`,
    },
    { name: '_rels/.rels', content: relationships(`${RELATED}/officeDocument`, part) },
    ...entries,
    { name: 'filling.bin', content: filling },
  ]
  const spare = size - storedZip(all(new Uint8Array())).length
  if (spare < 0) throw new RangeError(`a document does not fit into ${size} bytes`)
  return storedZip(all(bytesOf(made(spare, size), 0, spare)))
}

function relationships(type: string, target: string): string {
  return `${DECLARATION}<Relationships xmlns="${OFFICE}/package/2006/relationships"><Relationship Id="rId1" Type="${type}" Target="${target}"/></Relationships>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
