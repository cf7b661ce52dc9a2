import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'
import { isForFrame } from '../http/request-metadata.ts'
import { attachFiles, EventStream } from './attach.ts'
import { streamArchive } from './archive.ts'
import { respondWithContent } from './content.ts'
import { readContentRequest } from './content-http.ts'
import { respondWithAudit, reportDownloads } from './audit.ts'
import { readFileSelection } from './selection.ts'
import { describeItem } from './file-policy.ts'
import { filesAccess, type FilesDeps } from './access.ts'
import { pickerPage, readPickerRequest } from './picker-page.ts'
import { uploadTargetOf } from './chat-upload.ts'
import { issuePickerToken, readPickerTokenRequest } from './picker-token.ts'

/**
 * The routes of SharePoint and OneDrive files, to be mounted at `/.entrada`. The app in front of them requires a
 * session and, for POST, a same-origin request.
 */
export function filesRoutes(deps: FilesDeps) {
  const accessOf = ({ var: { session, settings } }: Context<EdgeEnv>) =>
    filesAccess(deps, session, settings)
  const selectionOf = async (c: Context<EdgeEnv>) => {
    const access = accessOf(c)
    const selection = await readFileSelection(c.req.raw, access.maxFiles)
    await access.files.authorize()
    const report = await reportDownloads(c, selection.addresses)
    return { ...selection, deps: { ...access, report } }
  }
  return new Hono<EdgeEnv>()
    .get('/files/:driveId/:itemId', async (c) => {
      const { files, maxBytes } = accessOf(c)
      return c.json(describeItem(await files.find(addressOf(c)), maxBytes))
    })
    .get('/files/:driveId/:itemId/content', async (c) => {
      const access = accessOf(c)
      const address = addressOf(c)
      const request = readContentRequest(c.req.raw)
      if (request.isHead) return (await respondWithContent(address, request, access)).response
      return respondWithAudit(c, address, () => respondWithContent(address, request, access))
    })
    .post('/files/archive', async (c) => {
      const { addresses, name, deps: archiveDeps } = await selectionOf(c)
      const { response, delivered } = streamArchive(addresses, name, archiveDeps)
      c.executionCtx.waitUntil(delivered)
      return response
    })
    .post('/files/attach', async (c) => {
      const { settings, session } = c.var
      const target = uploadTargetOf(settings.chat)
      if (target === null) {
        throw new EntradaFailure('feature_off', {
          detail: 'The chat app’s upload route is unknown. The operator can set ORIGIN_UPLOAD.',
        })
      }
      const { addresses, fields, deps: attachDeps } = await selectionOf(c)
      const upload = {
        target,
        fields,
        publicOrigin: settings.publicOrigin,
        request: c.req.raw,
        // Async, so that a synchronous error also becomes a rejection: the open file must be cancelled.
        forwardToChat: async (request: Request) => deps.forwardToChat(request, session),
      }
      const events = new EventStream()
      c.executionCtx.waitUntil(attachFiles(addresses, events, { ...attachDeps, upload }))
      return events.response
    })
    .get('/picker', async (c) => {
      const { files, hosts, maxFiles } = accessOf(c)
      const { settings } = c.var
      const request = readPickerRequest(c.req.raw, maxFiles)
      try {
        // Reports a missing consent before the person chooses files, not after.
        await files.authorize()
        return await pickerPage(request, settings, await hosts(isReload(c.req.raw)))
      } catch (cause) {
        if (!isForFrame(c.req.raw) || !(cause instanceof EntradaFailure)) throw cause
        return pickerPage(request, settings, null, cause.status)
      }
    })
    .post('/picker/token', async (c) => {
      const { hosts } = accessOf(c)
      const request = await readPickerTokenRequest(c.req.raw)
      const { session, log } = c.var
      const { value, expiresAt } = await issuePickerToken(request, { session, hosts, log })
      return c.json({ token: value, expiresAt })
    })
}

/** RFC 9111 §5.2.1: browsers send these when a person, or the page's “Try again”, reloads. */
function isReload({ headers }: Request): boolean {
  return /\b(?:no-cache|max-age=0)\b/.test(headers.get('cache-control') ?? '')
}

/** @throws EntradaFailure `invalid_request` */
function addressOf(c: Context<EdgeEnv>): DriveItemAddress {
  const address = readDriveItemAddress(c.req.param('driveId'), c.req.param('itemId'))
  if (address !== null) return address
  throw new EntradaFailure('invalid_request', {
    detail: 'The address does not hold the ids of a drive and a file.',
  })
}
