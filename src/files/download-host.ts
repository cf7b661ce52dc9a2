import { EntradaFailure } from '../failure.ts'
import { headerDeadline } from '../graph/graph.ts'
import { readRetryAfter } from '../time.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import { failureByStatus } from './file-errors.ts'
import { requireDownloadUrl } from './sharepoint-hosts.ts'

export interface DownloadRequest {
  /**
   * Asks Graph for the content: a pre-authenticated URL, which is valid for minutes, or a response with the bytes.
   * Graph announces the latter for `/content`; `contentStream` of its beta version already answers so.
   */
  locate(): Promise<URL | Response>
  /** For the pre-authenticated URL; without `Authorization`. */
  readonly headers: Headers
  readonly microsoft: MicrosoftSettings
}

/** For response headers. The body has no time limit, only a stall limit. */
const DEADLINE_MS = 30_000

/** An expired URL gets 401 or 403 with an HTML page, an overloaded front end 500 or 502. A new URL may help both. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([401, 403, 500, 502, 504])

/**
 * Fetches the content, with one retry at a new URL.
 * @returns a response with status 200 to 299
 * @throws EntradaFailure what Graph or the download host refuses; `download_failed` without a response
 */
export async function fetchDownload(request: DownloadRequest): Promise<Response> {
  for (let isLast = false; ; isLast = true) {
    const response = await attempt(request)
    if (response?.ok === true) return response
    await response?.body?.cancel()
    if (!isLast && (response === null || RETRIED_STATUSES.has(response.status))) continue
    throw response === null ? new EntradaFailure('download_failed') : downloadFailureOf(response)
  }
}

/** `null` when the host does not respond. */
async function attempt({ locate, headers, microsoft }: DownloadRequest): Promise<Response | null> {
  const located = await locate()
  if (located instanceof Response) return located
  let url = located
  // A download host may redirect once within Microsoft; a longer chain is not normal.
  for (let hops = 0; hops < 2; hops++) {
    const response = await ask(url, headers)
    if (response === null || !isRedirect(response.status)) return response
    await response.body?.cancel()
    url = requireDownloadUrl(response.headers.get('location') ?? '', microsoft, url)
  }
  throw new EntradaFailure('download_host_refused', {
    detail: 'The download host redirected too often.',
  })
}

async function ask(url: URL, headers: Headers): Promise<Response | null> {
  const { signal, end } = headerDeadline(DEADLINE_MS)
  try {
    return await fetch(url, { headers, redirect: 'manual', signal })
  } catch {
    // Reset, refused or too slow: a new URL may lead to another front end.
    return null
  } finally {
    end()
  }
}

/** The download host sends HTML pages instead of Graph's error objects, so only the status counts. */
function downloadFailureOf({ status, headers }: Response): EntradaFailure {
  const retryAfter = readRetryAfter(headers)
  // Graph has just allowed it, twice. A refusal here comes from a policy on location, device or app.
  if (status === 401 || status === 403) return new EntradaFailure('file_blocked_by_policy')
  // 503 means throttling here, as 429 does at Graph.
  return (
    failureByStatus(status === 503 ? 429 : status, retryAfter) ??
    new EntradaFailure('download_failed', { retryAfter: retryAfter ?? undefined })
  )
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304
}
