import { createHash } from 'node:crypto'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Distinguishes a OneDrive's site id from the person id it derives from. */
const MASK = 0xa5

/** Derives a GUID from a name. */
export function guidFor(name: string): string {
  return toGuid(createHash('sha1').update(name).digest().subarray(0, 16))
}

/** Builds a drive id as SharePoint does: from site, web and list. */
export function driveIdFor(collectionId: string, webId: string, listId: string): string {
  const bytes = Buffer.concat([collectionId, webId, listId].map(fromGuid))
  return `b!${bytes.toString('base64url')}`
}

export function itemIdFor(driveId: string, path: string): string {
  const digest = createHash('sha1').update(`${driveId}:${path}`).digest()
  let bits = 0n
  for (const byte of digest) bits = (bits << 8n) | BigInt(byte)
  let id = ''
  for (let index = 0; index < 32; index++) {
    id = BASE32.charAt(Number(bits & 31n)) + id
    bits >>= 5n
  }
  return `01${id}`
}

/**
 * Maps a person to a site collection id and back, so that a drive id needs no list of all people.
 */
export function collectionIdOf(personId: string): string {
  return toGuid(masked(fromGuid(personId)))
}

export function personIdInDriveId(driveId: string): string | null {
  if (!/^b![A-Za-z0-9_-]{64}$/.test(driveId)) return null
  const bytes = Buffer.from(driveId.slice(2), 'base64url')
  return toGuid(masked(bytes.subarray(0, 16)))
}

function masked(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ MASK)
}

function fromGuid(guid: string): Uint8Array {
  return Buffer.from(guid.replaceAll('-', ''), 'hex')
}

function toGuid(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
