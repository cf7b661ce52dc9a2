import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { ArchiveSource, type ArchiveDeps } from './archive-source.ts'
import { INERT_HEADERS } from './content-headers.ts'
import { streamBody } from './delivery.ts'
import { attachmentNamed } from './file-name.ts'

/**
 * Several files as one zip, made while it is sent: one file open at a time, stored as it is, because what is
 * worth compressing is compressed already. A file that fails is told of in the manifest and sinks no other.
 */
export function streamArchive(
  addresses: readonly DriveItemAddress[],
  name: string,
  deps: ArchiveDeps,
) {
  const { body, delivered } = streamBody(new ArchiveSource(addresses, deps))
  const headers = new Headers({
    ...INERT_HEADERS,
    'content-disposition': attachmentNamed(withZip(name)),
    'content-type': 'application/zip',
  })
  return { response: new Response(body, { headers }), delivered }
}

function withZip(name: string): string {
  return /\.zip$/i.test(name) ? name : `${name}.zip`
}
