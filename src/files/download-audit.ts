import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { EntradaFailure } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { createLog, type Log } from '../log.ts'
import type { ContentAnswer } from './content.ts'

/** Leaves exactly one event for each download, whichever way it ends. Names of files stay out of logs. */
export class DownloadAudit {
  readonly #log: Log
  readonly #fields: Readonly<Record<string, string>>

  private constructor(log: Log, fields: Readonly<Record<string, string>>) {
    this.#log = log
    this.#fields = fields
  }

  static async of(c: Context<EdgeEnv>, address: DriveItemAddress): Promise<DownloadAudit> {
    const { id, tenantId } = c.var.session.user
    const file = await fingerprint(address)
    return new DownloadAudit(createLog(c.var.requestId), { userId: id, tenantId, file })
  }

  /** Answers, and reports once the last byte has gone; `keepAlive` holds the request open until then. */
  async watch(
    answer: () => Promise<ContentAnswer>,
    keepAlive: (work: Promise<void>) => void,
  ): Promise<Response> {
    try {
      const { response, delivered } = await answer()
      if (delivered === null) this.report('not_modified', 0)
      else keepAlive(delivered.then(({ result, bytes }) => this.report(result, bytes)))
      return response
    } catch (cause) {
      this.report(cause instanceof EntradaFailure ? cause.code : 'internal', 0)
      throw cause
    }
  }

  report(result: string, bytes: number): void {
    this.#log.audit('file_downloaded', { ...this.#fields, result, bytes })
  }
}

/** The same for several files in one answer. */
export async function reportDownloads(
  c: Context<EdgeEnv>,
  addresses: readonly DriveItemAddress[],
): Promise<(address: DriveItemAddress, result: string, bytes: number) => void> {
  const audits = new Map<DriveItemAddress, DownloadAudit>()
  for (const address of addresses) audits.set(address, await DownloadAudit.of(c, address))
  return (address, result, bytes) => audits.get(address)?.report(result, bytes)
}

/** The same file has the same fingerprint, so that an auditor can follow it without its address. */
async function fingerprint({ driveId, itemId }: DriveItemAddress): Promise<string> {
  const text = new TextEncoder().encode(`${driveId}/${itemId}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text), 0, 12)
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
