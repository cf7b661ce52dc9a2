import { CONTOSO } from '../directory/cast.ts'
import type { Directory } from '../directory/directory.ts'
import { isInEurope, type SandboxHosts } from '../hosts.ts'
import { readContent } from './content.ts'
import { DownloadUrls, type Redemption, type Rendition } from './download-urls.ts'
import { type Drive, sizeOf, type StoredItem } from './drive-item.ts'
import { personIdInDriveId } from './identifiers.ts'
import { extensionOf } from './media-types.ts'
import { pdfSaying } from './pdf.ts'
import { plant } from './planting.ts'
import { oneDriveFor, siteDrives } from './sites.ts'

const OFFICE = new Set(['docx', 'docm', 'xlsx', 'pptx'])

/**
 * The files of Contoso's OneDrives and sites, shared by Graph and SharePoint. A OneDrive is created
 * at its first access. Tests change files with `put`, as a colleague would in the browser.
 */
export class Drives {
  readonly downloads = new DownloadUrls()
  readonly #hosts: SandboxHosts
  readonly #directory: Directory
  readonly #drives = new Map<string, Drive>()
  /** Items per drive, by item id, in planting order. */
  readonly #items = new Map<string, Map<string, StoredItem>>()

  constructor(hosts: SandboxHosts, tenants: readonly Directory[]) {
    const contoso = tenants.find(({ tenantId }) => tenantId === CONTOSO)
    if (contoso === undefined) throw new RangeError('the hosts are those of Contoso')
    this.#hosts = hosts
    this.#directory = contoso
    for (const drive of siteDrives(hosts)) this.#add(drive)
  }

  /** The libraries of the sites; the root site's is first. */
  get siteDrives(): readonly Drive[] {
    return [...this.#drives.values()].filter((drive) => drive.ownerId === null)
  }

  /** Finds a site by the name in its path, or `root`. */
  siteDrive(siteName: string): Drive {
    const drive = this.siteDrives.find(({ site }) => site.name === siteName)
    if (drive === undefined) throw new RangeError(`no site ${siteName}`)
    return drive
  }

  oneDriveOf(personId: string): Drive | null {
    const person = this.#directory.person(personId)
    if (person === null || !person.hasOneDrive) return null
    const drive = oneDriveFor(person, this.#hosts)
    return this.#drives.get(drive.id) ?? this.#add(drive)
  }

  drive(id: string): Drive | null {
    const ownerId = personIdInDriveId(id)
    const known = this.#drives.get(id)
    if (known?.ownerId === null) return known
    const drive = ownerId === null ? null : this.oneDriveOf(ownerId)
    return drive?.id === id ? drive : null
  }

  root(drive: Drive): StoredItem {
    const [root] = this.#itemsOf(drive.id).values()
    if (root === undefined) throw new RangeError(`drive without a root: ${drive.id}`)
    return root
  }

  item(driveId: string, itemId: string): StoredItem | null {
    if (this.drive(driveId) === null) return null
    return this.#itemsOf(driveId).get(itemId) ?? null
  }

  /** Finds an item by its path below the library, e.g. `Documents/notes.txt`. For tests. */
  at(drive: Drive, path: string): StoredItem {
    for (const item of this.#itemsOf(drive.id).values()) {
      if (this.pathOf(item).join('/') === path) return item
    }
    throw new RangeError(`nothing at ${path}`)
  }

  children(folder: StoredItem): readonly StoredItem[] {
    return [...this.#itemsOf(folder.driveId).values()].filter((item) => item.parentId === folder.id)
  }

  /** Path segments from below the root down to the item. */
  pathOf(item: StoredItem): readonly string[] {
    return [item, ...this.#ancestors(item)]
      .filter(({ parentId }) => parentId !== null)
      .map(({ name }) => name)
      .reverse()
  }

  put(item: StoredItem): void {
    this.#itemsOf(item.driveId).set(item.id, item)
  }

  /** Moves the item to the recycle bin: it is 404 from then on. */
  remove(item: StoredItem): void {
    for (const child of this.children(item)) this.remove(child)
    this.#itemsOf(item.driveId).delete(item.id)
  }

  canReadDrive(personId: string, drive: Drive): boolean {
    const { readers } = drive.site
    if (readers === 'everyone') return this.#directory.person(personId)?.userType === 'Member'
    return this.#isAmong(personId, readers)
  }

  canRead(personId: string, item: StoredItem): boolean {
    const drive = this.drive(item.driveId)
    if (drive === null) return false
    if (this.canReadDrive(personId, drive)) return true
    return [item, ...this.#ancestors(item)].some(({ sharedWith }) =>
      this.#isAmong(personId, sharedWith),
    )
  }

  /** Yields bytes `start` to `end` (exclusive); nothing for an item without content. */
  content(
    item: StoredItem,
    start = 0,
    end = sizeOf(item),
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (item.body.kind !== 'file') throw new TypeError(`${item.body.kind} has no content`)
    return readContent(item.body.content, start, end)
  }

  /**
   * Converts any document to PDF. Loses the layout; tests need only a different file with different
   * bytes.
   */
  pdfOf(item: StoredItem): Uint8Array {
    return pdfSaying(item.name)
  }

  /** A pre-authenticated URL in SharePoint's format, on a download host or the file's own host. */
  issueDownloadUrl(item: StoredItem, rendition: Rendition = 'original'): string {
    const site = this.drive(item.driveId)?.site
    const host = site !== undefined && isInEurope(site.host) ? site.host : 'download'
    return this.downloads.issue(`${this.#hosts[host]}${site?.path ?? ''}`, item, rendition)
  }

  redeemDownloadUrl(url: URL): Redemption {
    return this.downloads.redeem(url)
  }

  siteUrl(drive: Drive): string {
    return `${this.#hosts[drive.site.host]}${encodeURI(drive.site.path)}`
  }

  driveUrl(drive: Drive): string {
    return `${this.#hosts[drive.site.host]}${encodeURI(drive.path)}`
  }

  webUrl(item: StoredItem): string {
    const drive = this.drive(item.driveId)
    if (drive === null) throw new RangeError('an item without a drive has no address')
    if (OFFICE.has(extensionOf(item.name))) {
      const query = `sourcedoc=%7B${item.uniqueId.toUpperCase()}%7D&file=${encodeURIComponent(item.name)}`
      return `${this.siteUrl(drive)}/_layouts/15/Doc.aspx?${query}&action=default&mobileredirect=true`
    }
    return [this.driveUrl(drive), ...this.pathOf(item).map(encodeURIComponent)].join('/')
  }

  #ancestors(item: StoredItem): readonly StoredItem[] {
    const parent = this.#itemsOf(item.driveId).get(item.parentId ?? '')
    return parent === undefined ? [] : [parent, ...this.#ancestors(parent)]
  }

  #isAmong(personId: string, ids: readonly string[]): boolean {
    if (ids.includes(personId)) return true
    return (
      ids.length > 0 &&
      this.#directory.transitiveGroupsOf(personId).some((group) => ids.includes(group.id))
    )
  }

  #add(drive: Drive): Drive {
    this.#drives.set(drive.id, drive)
    return drive
  }

  #itemsOf(driveId: string): Map<string, StoredItem> {
    const known = this.#items.get(driveId)
    if (known !== undefined) return known
    const drive = this.drive(driveId)
    if (drive === null) return new Map()
    const items = plant(drive, (site) => this.siteDrive(site))
    this.#items.set(driveId, items)
    return items
  }
}
