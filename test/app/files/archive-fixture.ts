import type { StoredItem } from '../../sandbox/drives/drive-item.ts'
import type { FilesScene } from './fixture.ts'

export function addressOf({ driveId, id }: StoredItem) {
  return { driveId, id }
}

export async function archiveOf(
  { browser }: FilesScene,
  items: readonly StoredItem[],
  name?: string,
): Promise<Response> {
  return browser.fetch('/.entrada/files/archive', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items: items.map(addressOf), ...(name && { name }) }),
  })
}
