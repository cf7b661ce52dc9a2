import * as v from 'valibot'
import { readJson } from '../json.ts'
import { EntradaFailure } from '../failure.ts'
import { DRIVE_ITEM_SELECT, readDriveItem, type DriveItem } from '../graph/drive-item.ts'
import { driveItemPath, type DriveItemAddress } from '../graph/drive-item-address.ts'
import type { Graph, GraphRequest, GraphTokens } from '../graph/graph.ts'
import { pausedError } from '../graph/graph-error.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import { USER_AGENT } from '../version.ts'
import { type ByteRange, openContent, type OpenContent, rangeHeader } from './content-range.ts'
import { fetchDownload, isRedirect } from './download-host.ts'
import { fileFailureOf } from './file-errors.ts'
import { requireDownloadUrl } from './sharepoint-hosts.ts'

export interface DriveFilesDeps {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly microsoft: MicrosoftSettings
  /** The throttling scope: SharePoint counts requests per app and tenant. */
  readonly bucket: string
}

interface AskOptions extends Pick<GraphRequest, 'headers' | 'deadlineMs' | 'streamsBody'> {
  /** Explains a refusal as one of the conversion. */
  readonly asPdf?: boolean
}

export interface OpenRequest {
  readonly range: ByteRange | null
  /** Microsoft converts the file to PDF. */
  readonly asPdf: boolean
}

/** A compressed body would have no known length. */
const IDENTITY = { 'accept-encoding': 'identity' } as const

/** A shortcut may lead to another shortcut. */
const MAX_SHORTCUTS = 3

/** A person's files. Every call goes to Graph with that person's token, so that Microsoft decides on access. */
export class DriveFiles {
  readonly #deps: DriveFilesDeps
  /** Whether Graph answered `/content` with the bytes last time. */
  #sendsBytes = false

  constructor(deps: DriveFilesDeps) {
    this.#deps = deps
  }

  /** Gets a token, to report early what would make every call fail: no consent, no session, no Entra. */
  async authorize(): Promise<void> {
    await this.#deps.tokens()
  }

  /**
   * The item's current metadata, after following shortcuts.
   * @throws EntradaFailure what Graph refuses; `file_not_downloadable` for too many shortcuts in a row
   */
  async find(start: DriveItemAddress): Promise<DriveItem> {
    let address = start
    for (let followed = 0; followed <= MAX_SHORTCUTS; followed++) {
      const answer = await this.ask(`${driveItemPath(address)}?$select=${DRIVE_ITEM_SELECT}`)
      const found = readDriveItem(await readJson(answer, v.unknown()), address)
      if (found === null) throw new EntradaFailure('graph_unexpected')
      if (found.kind === 'item') return found.item
      address = found.target
    }
    throw new EntradaFailure('file_not_downloadable', {
      detail: 'This shortcut leads only to other shortcuts.',
    })
  }

  /**
   * Opens the bytes. Graph redirects to a pre-authenticated URL, which gets the range and no bearer: its host
   * refuses one (OneDrive/onedrive-api-docs#1901) and must not learn it. Graph may also send the bytes itself.
   */
  async open(item: DriveItem, request: OpenRequest): Promise<OpenContent> {
    const { range } = request
    const headers = new Headers({ ...IDENTITY, 'user-agent': USER_AGENT })
    if (range !== null) headers.set('range', rangeHeader(range))
    const { graph, microsoft, bucket } = this.#deps
    const locate = () => this.#locate(item.address, request)
    try {
      return openContent(await fetchDownload({ locate, headers, microsoft }), range)
    } catch (cause) {
      // The download host shares SharePoint's limits, and an app that ignores them gets blocked.
      if (cause instanceof EntradaFailure && cause.code === 'graph_throttled') {
        graph.note(bucket, pausedError(cause.details.retryAfter ?? null), Date.now())
      }
      throw cause
    }
  }

  async #locate(address: DriveItemAddress, request: OpenRequest): Promise<URL | Response> {
    const { range, asPdf } = request
    const path = `${driveItemPath(address)}/content${asPdf ? '?format=pdf' : ''}`
    // Microsoft's documentation: while `/content` redirects, the range belongs to the URL that it names.
    const asksRange = range !== null && this.#sendsBytes
    const headers = asksRange ? { ...IDENTITY, range: rangeHeader(range) } : IDENTITY
    const response = await this.ask(path, { asPdf, headers, streamsBody: true })
    const isContent = response.status === 200 || response.status === 206
    this.#sendsBytes = isContent
    if (isContent && (range === null || asksRange)) return response
    await response.body?.cancel()
    if (isContent) return this.#locate(address, request)
    if (!isRedirect(response.status)) throw new EntradaFailure('graph_unexpected')
    return requireDownloadUrl(response.headers.get('location') ?? '', this.#deps.microsoft)
  }

  /** Sends one GET to Graph. @throws EntradaFailure what Graph refuses; whatever the tokens throw */
  async ask(path: string, { asPdf, ...options }: AskOptions = {}): Promise<Response> {
    const { graph, tokens, bucket } = this.#deps
    const answer = await graph.call(tokens, { ...options, path, bucket })
    if (answer.ok) return answer.response
    throw fileFailureOf(answer.error, { asPdf })
  }
}
