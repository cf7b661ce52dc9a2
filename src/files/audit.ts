import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import type { ContentAnswer } from './content.ts'

export type Report = (address: DriveItemAddress, result: string, bytes: number) => void

/** What reports how each download ended, once. Names of files stay out of logs. */
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

/** Answers with one file, and leaves exactly one event for it, whichever way it ends. */
export async function answerOnRecord(
  c: Context<EdgeEnv>,
  address: DriveItemAddress,
  answer: () => Promise<ContentAnswer>,
): Promise<Response> {
  const report = await reportDownloads(c, [address])
  try {
    const { response, delivered } = await answer()
    if (delivered === null) report(address, 'not_modified', 0)
    // Holds the request open until the last byte has gone.
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

/** The same file has the same fingerprint, so that an auditor can follow it without its address. */
async function fingerprint({ driveId, itemId }: DriveItemAddress): Promise<string> {
  const text = new TextEncoder().encode(`${driveId}/${itemId}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text), 0, 12)
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
