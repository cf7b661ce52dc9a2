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

/** Until headers come; a body may take as long as it needs. */
const DEADLINE_MS = 30_000

/** An address that has expired is refused with 401 or 403 and a page; an overloaded front end with 500 or 502. */
const WORTH_ANOTHER: ReadonlySet<number> = new Set([401, 403, 500, 502, 504])

/** Asks the download host, once more with a new address when the first try comes to nothing. */
export async function fetchDownload(request: DownloadRequest): Promise<Response> {
  for (let isLast = false; ; isLast = true) {
    const response = await attempt(request)
    if (response?.ok === true) return response
    await response?.body?.cancel()
    if (!isLast && (response === null || WORTH_ANOTHER.has(response.status))) continue
    throw response === null ? new EntradaFailure('download_failed') : downloadFailureOf(response)
  }
}

/** `null` when the host does not answer. */
async function attempt({ locate, headers, microsoft }: DownloadRequest): Promise<Response | null> {
  const located = await locate()
  if (located instanceof Response) return located
  let url = located
  // The host of the first answer may send us on within Microsoft once; a longer chain is not its way.
  for (let hops = 0; hops < 2; hops++) {
    const response = await ask(url, headers)
    if (response === null || !isRedirect(response.status)) return response
    await response.body?.cancel()
    url = requireDownloadUrl(response.headers.get('location') ?? '', microsoft, url)
  }
  throw new EntradaFailure('download_host_refused', {
    detail: 'The download host kept sending us on.',
  })
}

async function ask(url: URL, headers: Headers): Promise<Response | null> {
  const { signal, end } = headerDeadline(DEADLINE_MS)
  try {
    return await fetch(url, { headers, redirect: 'manual', signal })
  } catch {
    // Reset, refused or too slow: the next address may lead to another front end.
    return null
  } finally {
    end()
  }
}

/** The download host answers with pages, not with Graph's error objects: the status is all there is. */
function downloadFailureOf({ status, headers }: Response): EntradaFailure {
  const retryAfter = readRetryAfter(headers)
  // Graph had just allowed it, twice: what says no here is a policy on location, device or app.
  if (status === 401 || status === 403) return new EntradaFailure('file_blocked_by_policy')
  // An overloaded front end asks for patience as Graph does.
  return (
    failureByStatus(status === 503 ? 429 : status, retryAfter) ??
    new EntradaFailure('download_failed', { retryAfter: retryAfter ?? undefined })
  )
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304
}
