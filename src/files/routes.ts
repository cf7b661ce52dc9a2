import { Hono, type Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { EntradaFailure } from '../failure.ts'
import type { Graph } from '../graph/graph.ts'
import { readDriveItemAddress, type DriveItemAddress } from '../graph/drive-item-address.ts'
import { answerContent } from './content.ts'
import { readContentRequest } from './content-request.ts'
import { DriveFiles } from './drive-files.ts'
import { DownloadAudit } from './download-audit.ts'
import { describeItem } from './file-terms.ts'
import { filesTokens } from './files-tokens.ts'

export interface FilesDeps {
  /** One for all features: it remembers whom Microsoft asked to wait. `null` without Microsoft. */
  readonly graph: Graph | null
}

type FilesContext = Context<EdgeEnv>

/** SharePoint and OneDrive files; mounted at `/.entrada`, behind a session and, for POST, proof of same origin. */
export function filesRoutes(deps: FilesDeps) {
  return new Hono<EdgeEnv>()
    .get('/files/:driveId/:itemId', async (c) => {
      const { files, maxBytes } = filesOf(c, deps)
      const item = await files.find(addressOf(c))
      return c.json(describeItem(item, maxBytes))
    })
    .get('/files/:driveId/:itemId/content', async (c) => {
      const { files, maxBytes } = filesOf(c, deps)
      const address = addressOf(c)
      const request = readContentRequest(c.req.raw)
      if (request.isHead)
        return (await answerContent(address, request, { files, maxBytes })).response
      const audit = await DownloadAudit.of(c, address)
      return audit.watch(
        () => answerContent(address, request, { files, maxBytes }),
        (work) => c.executionCtx.waitUntil(work),
      )
    })
}

function filesOf(c: FilesContext, deps: FilesDeps) {
  const { settings, session } = c.var
  const { microsoft } = settings.issuer
  if (
    !settings.files.enabled ||
    !settings.reuseTokens ||
    microsoft === null ||
    deps.graph === null
  ) {
    throw new EntradaFailure('feature_off')
  }
  const bucket = `${session.user.tenantId}/files`
  const tokens = filesTokens(session, settings)
  const files = new DriveFiles({ graph: deps.graph, tokens, microsoft, bucket })
  return { files, maxBytes: settings.files.maxFileBytes }
}

/** @throws EntradaFailure `invalid_request`; nothing has been asked of anyone by then */
function addressOf(c: FilesContext): DriveItemAddress {
  const address = readDriveItemAddress(c.req.param('driveId'), c.req.param('itemId'))
  if (address !== null) return address
  throw new EntradaFailure('invalid_request', { detail: 'That is not the id of a file.' })
}
