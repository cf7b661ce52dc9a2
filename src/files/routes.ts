import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'
import { createLog } from '../log.ts'
import { isForFrame } from '../http/fetch-metadata.ts'
import { readJson } from '../http/request-body.ts'
import { attachFiles, EventStream } from './attach.ts'
import { streamArchive } from './archive.ts'
import { answerContent } from './content.ts'
import { readContentRequest } from './content-http.ts'
import { answerOnRecord, reportDownloads } from './audit.ts'
import { readFileSelection } from './selection.ts'
import { describeItem } from './file-policy.ts'
import { filesAccess, type FilesDeps } from './access.ts'
import { pickerPage, readPickerRequest } from './picker-page.ts'
import { uploadTargetOf } from './chat-upload.ts'
import { issuePickerToken, readPickerTokenRequest } from './picker-token.ts'

/** SharePoint and OneDrive files; mounted at `/.entrada`, behind a session and, for POST, proof of same origin. */
export function filesRoutes(deps: FilesDeps) {
  const accessOf = ({ var: { session, settings } }: Context<EdgeEnv>) =>
    filesAccess(deps, session, settings)
  const several = async (c: Context<EdgeEnv>) => {
    const access = accessOf(c)
    const ask = await readFileSelection(c.req.raw, access.maxFiles)
    await access.files.authorize()
    return { ...ask, parts: { ...access, report: await reportDownloads(c, ask.addresses) } }
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
      if (request.isHead) return (await answerContent(address, request, access)).response
      return answerOnRecord(c, address, () => answerContent(address, request, access))
    })
    .post('/files/archive', async (c) => {
      const { addresses, name, parts } = await several(c)
      const { response, delivered } = streamArchive(addresses, name, parts)
      c.executionCtx.waitUntil(delivered)
      return response
    })
    .post('/files/attach', async (c) => {
      const { settings, session } = c.var
      const target = uploadTargetOf(settings.chat)
      if (target === null) {
        throw new EntradaFailure('feature_off', {
          detail: 'ORIGIN_UPLOAD does not say where the chat app takes uploads.',
        })
      }
      const { addresses, fields, parts } = await several(c)
      const upload = {
        target,
        fields,
        publicOrigin: settings.publicOrigin,
        request: c.req.raw,
        // Whatever goes wrong is a rejection: a file has been opened by then, and has to be let go.
        toChat: async (request: Request) => deps.toChat(request, session),
      }
      const events = new EventStream()
      c.executionCtx.waitUntil(attachFiles(addresses, events, { ...parts, upload }))
      return events.response
    })
    .get('/picker', async (c) => {
      const { files, hosts, maxFiles } = accessOf(c)
      const { settings } = c.var
      const request = readPickerRequest(c.req.raw, maxFiles)
      try {
        // Better to hear of a missing permission before choosing than after.
        await files.authorize()
        return await pickerPage(request, settings, await hosts(isReload(c.req.raw)))
      } catch (cause) {
        if (!isForFrame(c.req.raw) || !(cause instanceof EntradaFailure)) throw cause
        return pickerPage(request, settings, null, cause.status)
      }
    })
    .post('/picker/token', async (c) => {
      const { hosts } = accessOf(c)
      const ask = readPickerTokenRequest(await readJson(c.req.raw))
      const log = createLog(c.var.requestId)
      const parts = { session: c.var.session, hosts, log }
      const { value, expiresAt } = await issuePickerToken(ask, parts)
      return c.json({ token: value, expiresAt })
    })
}

/** RFC 9111 §5.2.1: what a browser says when the person, or a button of ours, tries once more. */
function isReload({ headers }: Request): boolean {
  return /\b(?:no-cache|max-age=0)\b/.test(headers.get('cache-control') ?? '')
}

/** @throws EntradaFailure `invalid_request`; nothing has been asked of anyone by then */
function addressOf(c: Context<EdgeEnv>): DriveItemAddress {
  const address = readDriveItemAddress(c.req.param('driveId'), c.req.param('itemId'))
  if (address !== null) return address
  throw new EntradaFailure('invalid_request', { detail: 'That is not the id of a file.' })
}
