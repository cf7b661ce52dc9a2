import { CAST } from '../directory/cast.ts'
import type { ItemBody, SensitivityLabel, StoredItem } from './drive-item.ts'
import { pdfSaying } from './pdf.ts'
import { pngFor } from './png.ts'

/** Paths in Adele's OneDrive that tests use. */
export const ADELE_FILES = {
  report: 'Documents/Quarterly report.docx',
  pdf: 'Documents/Travel policy.pdf',
  text: 'Documents/notes.txt',
  empty: 'Documents/empty.txt',
  page: 'Documents/page.html',
  drawing: 'Documents/drawing.svg',
  image: 'Documents/logo.png',
  umlauts: 'Odd names/Überblick – „Entwurf“ 100%.txt',
  quotes: `Odd names/She said "it's fine"; really.txt`,
  climbing: 'Odd names/..\\..\\climb.txt',
  encodedClimbing: 'Odd names/..%2f..%2fclimb.txt',
  dots: 'Odd names/..draft..txt',
  japanese: 'Odd names/四半期報告書.pptx',
  emoji: 'Odd names/🎉 party & plans #1.png',
  long: `Odd names/${'long '.repeat(47)}name.txt`,
  malware: 'Special/Invoice.docm',
  locked: 'Special/Locked.xlsx',
  checkedOut: 'Special/Checked out.docx',
  labelled: 'Special/Confidential.docx',
  notebook: 'Special/Meeting notes',
  shortcut: 'Special/Marketing plan.docx',
  folderShortcut: 'Special/Campaign',
  folder: 'Documents',
  emptyFolder: 'Empty folder',
  /** 450 children, so that listings have pages. */
  manyFiles: 'Many files',
  /** 1 GiB. */
  film: 'Big/film.mp4',
  /** Just above the default limit of 512 MiB. */
  archive: 'Big/archive.zip',
  /** 8 MiB. */
  recording: 'Big/recording.mp4',
} as const

const MIB = 1024 * 1024

const ENCRYPTED: SensitivityLabel = {
  id: '5d1f0c7b-3a4e-4c7a-9f0e-8f6f4b1e2a01',
  displayName: 'Highly Confidential',
  isEncrypting: true,
}

/**
 * The special properties of a planted item. Without a body, its content is generated from the name.
 */
export interface Planting {
  readonly path: string
  readonly body?:
    | ItemBody
    | { readonly kind: 'shortcut'; readonly site: string; readonly path: string }
  readonly size?: number
  readonly bytes?: string | Uint8Array
  readonly traits?: Partial<
    Pick<StoredItem, 'malware' | 'locked' | 'checkedOut' | 'label' | 'sharedWith'>
  >
}

export const ONE_DRIVE_OF_ADELE: readonly Planting[] = [
  { path: ADELE_FILES.report, size: 48_211 },
  { path: ADELE_FILES.pdf, bytes: pdfSaying('Travel policy: take the train.') },
  { path: ADELE_FILES.text, bytes: 'Remember the milk.\nVergiss die Milch nicht – bitte.\n' },
  { path: ADELE_FILES.empty, bytes: '' },
  {
    path: ADELE_FILES.page,
    bytes: '<!doctype html><script>document.title = document.cookie</script>',
  },
  {
    path: ADELE_FILES.drawing,
    bytes: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>',
  },
  { path: ADELE_FILES.image, bytes: pngFor(0x1f2e3d4c, 64) },
  { path: ADELE_FILES.umlauts, bytes: 'Überblick\n' },
  // SharePoint forbids some of these characters; other stores behind Graph do not.
  { path: ADELE_FILES.quotes, bytes: 'fine\n' },
  { path: ADELE_FILES.climbing, bytes: 'up\n' },
  { path: ADELE_FILES.encodedClimbing, bytes: 'up again\n' },
  { path: ADELE_FILES.dots, bytes: 'dots\n' },
  { path: ADELE_FILES.japanese, size: 20_000 },
  { path: ADELE_FILES.emoji, bytes: pngFor(0x7fffffff, 16) },
  { path: ADELE_FILES.long, bytes: 'long\n' },
  { path: ADELE_FILES.malware, size: 12_000, traits: { malware: true } },
  { path: ADELE_FILES.locked, size: 9_000, traits: { locked: true } },
  { path: ADELE_FILES.checkedOut, size: 9_100, traits: { checkedOut: true } },
  { path: ADELE_FILES.labelled, size: 30_000, traits: { label: ENCRYPTED } },
  { path: ADELE_FILES.notebook, body: { kind: 'package', type: 'oneNote', size: 31_337 } },
  {
    path: ADELE_FILES.shortcut,
    body: { kind: 'shortcut', site: 'Marketing', path: 'Plans/Marketing plan.docx' },
  },
  {
    path: ADELE_FILES.folderShortcut,
    body: { kind: 'shortcut', site: 'Marketing', path: 'Campaign' },
  },
  { path: ADELE_FILES.emptyFolder, body: { kind: 'folder' } },
  ...Array.from({ length: 450 }, (_, index) => ({
    path: `${ADELE_FILES.manyFiles}/file ${String(index + 1).padStart(3, '0')}.txt`,
    bytes: `file ${index + 1}\n`,
  })),
  { path: ADELE_FILES.film, size: 1024 * MIB },
  { path: ADELE_FILES.archive, size: 512 * MIB + 1 },
  { path: ADELE_FILES.recording, size: 8 * MIB },
]

/**
 * Kept in the European geography. Its shortcuts point to a site there and to one in the tenant's
 * default geography.
 */
export const ONE_DRIVE_OF_MEGAN: readonly Planting[] = [
  { path: 'Private/Salaries.xlsx', size: 15_000 },
  {
    path: 'Shared with Adele/Slides.pptx',
    size: 60_000,
    traits: { sharedWith: [CAST.adele.id] },
  },
  {
    path: 'Links/Floor plan.pdf',
    body: { kind: 'shortcut', site: 'Berlin', path: 'Plans/Floor plan.pdf' },
  },
  {
    path: 'Links/Phone list.csv',
    body: { kind: 'shortcut', site: 'root', path: 'Phone list.csv' },
  },
]

/** The initial content of every new OneDrive. */
export const ONE_DRIVE: readonly Planting[] = [
  { path: 'Getting started with OneDrive.pdf', bytes: pdfSaying('Welcome to OneDrive.') },
]

export const SITE_FILES: Readonly<Record<string, readonly Planting[]>> = {
  root: [
    { path: 'Employee handbook.pdf', bytes: pdfSaying('Be kind.') },
    { path: 'Phone list.csv', bytes: 'name,extension\n"Vance, Adele",101\n' },
  ],
  Marketing: [
    { path: 'Plans/Marketing plan.docx', size: 70_000 },
    { path: 'Plans/2027/Budget & Forecast.xlsx', size: 33_000 },
    { path: 'Campaign/Poster.png', bytes: pngFor(0x2bad_cafe, 128) },
    { path: 'Campaign/Texte/Slogan für Söhne.txt', bytes: 'Alles wird gut.\n' },
    { path: 'Campaign/Team notes', body: { kind: 'package', type: 'oneNote', size: 4_096 } },
  ],
  Board: [{ path: 'Minutes.docx', size: 25_000 }],
  rootEurope: [{ path: 'Welcome.pdf', bytes: pdfSaying('Willkommen.') }],
  Berlin: [
    { path: 'Plans/Floor plan.pdf', bytes: pdfSaying('Third floor.') },
    { path: 'Keys.xlsx', size: 11_000 },
  ],
}
