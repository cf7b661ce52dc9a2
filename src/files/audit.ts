import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import type { ContentResponse } from './content.ts'

/** Logs how the download of one file ended, and how many of its bytes were sent. */
export type Report = (address: DriveItemAddress, result: string, bytes: number) => void

/** Makes the function that logs `file_downloaded`. The log has fingerprints instead of file names. */
export async function reportDownloads(
  c: Context<EdgeEnv>,
  addresses: readonly DriveItemAddress[],
): Promise<Report> {
  const { log, session } = c.var
  const { id: userId, tenantId } = session.user
  const files = new Map<DriveItemAddress, string>()
  for (const address of addresses) files.set(address, await fingerprint(address))
  return (address, result, bytes) =>
    log.audit('file_downloaded', { userId, tenantId, file: files.get(address), result, bytes })
}

/** Responds with one file and logs exactly one `file_downloaded` for it, however the download ends. */
export async function respondWithAudit(
  c: Context<EdgeEnv>,
  address: DriveItemAddress,
  respond: () => Promise<ContentResponse>,
): Promise<Response> {
  const report = await reportDownloads(c, [address])
  try {
    const { response, delivered } = await respond()
    if (delivered === null) report(address, 'not_modified', 0)
    // Keeps the Worker alive until the transfer has ended.
    else {
      c.executionCtx.waitUntil(
        delivered.then(({ result, bytes }) => report(address, result, bytes)),
      )
    }
    return response
  } catch (cause) {
    report(address, cause instanceof EntradaFailure ? cause.code : 'internal', 0)
    throw cause
  }
}

/** 24 hexadecimal digits of SHA-256 over the ids: an auditor can follow a file without knowing its address. */
async function fingerprint({ driveId, itemId }: DriveItemAddress): Promise<string> {
  const text = new TextEncoder().encode(`${driveId}/${itemId}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text), 0, 12)
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
