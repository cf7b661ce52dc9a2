import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CAST } from '../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../sandbox/drives/cast-files.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import { startSettings } from '../sandbox/start/start-settings.ts'
import { Browser } from '../support/browser/browser.ts'
import { sendOverSocket } from '../support/workerd/http-request.ts'
import { pin, runtimePid } from './process-usage.ts'
import { buildEntrada, freePort, openRuntime } from './runtime.ts'

/** Two Workers on one runtime in front of one chat. */
export interface Bench {
  readonly bare: number
  readonly entrada: number
  readonly pid: number
  /** Headers of a script request in a signed-in browser. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Paths that return `LARGE_BYTES` bytes from the same server: as fast as they are read, or at 1
   * Gbit/s.
   */
  readonly large: { readonly unlimited: LargePaths; readonly gigabit: LargePaths }
  close(): Promise<void>
}

interface LargePaths {
  readonly fromChat: string
  readonly fromSharePoint: string
}

/** Size of a large download in bytes. */
export const LARGE_BYTES = 1024 ** 3

export async function openBench(): Promise<Bench> {
  const served = await serveSandbox({ people: 20, groups: 5 })
  const chat = spawn(process.execPath, [join(import.meta.dirname, 'chat-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chatPort = await new Promise<string>((resolve) => {
    chat.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()))
  })
  const [bare, entrada] = [await freePort(), await freePort()]
  const origin = `http://localhost:${entrada}`
  const chatUrl = `http://127.0.0.1:${chatPort}`
  const { registration } = served.sandbox
  const unlimited = `/large?bytes=${LARGE_BYTES}`
  const gigabit = `${unlimited}&perSecond=${10 ** 9 / 8}`
  const largeFiles = largeFilesIn(served.sandbox, {
    [ADELE_FILES.film]: `${chatUrl}${unlimited}`,
    [ADELE_FILES.recording]: `${chatUrl}${gigabit}`,
  })
  const settings = startSettings(
    { ...served, registration, publicOrigin: origin },
    {
      ORIGIN_URL: chatUrl,
      SHAREPOINT_HOSTS: `${served.hosts.sharePoint},${served.hosts.oneDrive},${chatUrl}`,
      SHAREPOINT_MAX_FILE_BYTES: String(LARGE_BYTES),
    },
  )
  const script = readFileSync(join(import.meta.dirname, 'bare-pass-through.worker.js'), 'utf8')
  const runtime = await openRuntime([
    { name: 'entrada', port: entrada, script: buildEntrada(), bindings: settings },
    { name: 'bare', port: bare, script, bindings: { ORIGIN_URL: chatUrl } },
  ])
  const pid = runtimePid()
  pin(pid, 0)
  pin(process.pid, 1)
  if (chat.pid !== undefined) pin(chat.pid, 1)
  const browser = new Browser({ home: origin, internet: sendOverSocket })
  await browser.signIn(CAST.adele.userPrincipalName)
  const session = browser.cookies.get('__Host-entrada')?.value ?? ''
  return {
    bare,
    entrada,
    pid,
    headers: headersOf(origin, session),
    large: {
      unlimited: { fromChat: unlimited, fromSharePoint: largeFiles(ADELE_FILES.film) },
      gigabit: { fromChat: gigabit, fromSharePoint: largeFiles(ADELE_FILES.recording) },
    },
    async close() {
      await runtime.dispose()
      await served.close()
      chat.kill()
    },
  }
}

/**
 * Files in Graph whose bytes come from the chat's server, so that generating them costs both sides
 * the same.
 */
function largeFilesIn(
  { drives, entra }: Sandbox,
  downloadUrls: Readonly<Record<string, string>>,
): (path: string) => string {
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  const issueDownloadUrl = drives.issueDownloadUrl.bind(drives)
  const byItem = new Map(
    Object.entries(downloadUrls).map(([path, url]) => [drives.at(drive, path).id, url]),
  )
  drives.issueDownloadUrl = (item, rendition) =>
    byItem.get(item.id) ?? issueDownloadUrl(item, rendition)
  entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
  return (path) => {
    const { driveId, id } = drives.at(drive, path)
    return `/.entrada/files/${driveId}/${id}/content`
  }
}

function headersOf(origin: string, session: string): Readonly<Record<string, string>> {
  return {
    Host: new URL(origin).host,
    'User-Agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    Accept: '*/*',
    'Accept-Language': 'en-GB,en;q=0.9',
    'Accept-Encoding': 'gzip, deflate, br, zstd',
    Referer: `${origin}/c/new`,
    'Sec-Fetch-Site': 'same-origin',
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Dest': 'empty',
    'sec-ch-ua': '"Chromium";v="142"',
    'sec-ch-ua-mobile': '?0',
    'sec-ch-ua-platform': '"Linux"',
    Authorization: 'Bearer of-the-chat',
    Cookie: `theme=dark; __Host-entrada=${session}; app_session=of-the-chat`,
    // Headers that Cloudflare adds.
    'CF-Connecting-IP': '203.0.113.7',
    'CF-IPCountry': 'GB',
    'CF-Ray': '8f0c0ffee0ddf00d-LHR',
    'CF-Visitor': '{"scheme":"http"}',
    'CDN-Loop': 'cloudflare; loops=1',
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Proto': 'http',
    'X-Real-IP': '203.0.113.7',
  }
}
