import { expect } from 'vitest'
import type { StoredItem } from '../../sandbox/drives/drive-item.ts'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { clock } from '../../support/clock.ts'
import type { EntradaOptions } from '../../support/entrada.ts'
import { aFilesScene, fileOf, sha256, type FileName, type FilesScene } from './fixture.ts'

interface Upload {
  readonly url: URL
  readonly headers: Headers
  readonly fields: Readonly<Record<string, string>>
  readonly name: string
  readonly type: string
  readonly sha256: string
}

interface AttachScene extends FilesScene {
  readonly uploads: Upload[]
}

const LIBRECHAT = { ORIGIN_PRESET: 'librechat' }

/** A signed-in person and a chat app that records its uploads. */
export async function anAttachScene(
  options: EntradaOptions & {
    readonly answer?: (upload: Upload) => Response
    /** Responds without reading the upload. */
    readonly refuse?: () => Response | Promise<Response>
  } = {},
): Promise<AttachScene> {
  const uploads: Upload[] = []
  const scene: FilesScene = await aFilesScene({
    ...options,
    settings: { ...LIBRECHAT, ...options.settings },
    hosts: {
      ...options.hosts,
      [MICROSOFT_HOSTS.chat]: async (request) => {
        if (request.method !== 'POST') return page()
        if (options.refuse !== undefined) return options.refuse()
        const upload = await readUpload(request)
        uploads.push(upload)
        return options.answer?.(upload) ?? Response.json({ file_id: upload.fields['file_id'] })
      },
    },
  })
  return { ...scene, uploads }
}

function page(): Response {
  const headers = { 'content-type': 'text/html' }
  return new Response('<!doctype html><title>Chat</title>', { headers })
}

async function readUpload(request: Request): Promise<Upload> {
  const fields: Record<string, string> = {}
  let file: File | null = null
  for (const [name, value] of await request.formData()) {
    if (typeof value === 'string') fields[name] = value
    else file = value
  }
  if (file === null) throw new Error('an upload holds a file')
  return {
    url: new URL(request.url),
    headers: request.headers,
    fields,
    name: file.name,
    type: file.type,
    sha256: sha256(await file.arrayBuffer()),
  }
}

interface Event {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export async function attach(
  scene: FilesScene,
  items: readonly StoredItem[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  return scene.browser.fetch('/.entrada/files/attach', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer of-the-chat' },
    body: JSON.stringify({ items: items.map(({ driveId, id }) => ({ driveId, id })), ...more }),
  })
}

export async function eventsOf(response: Response): Promise<readonly Event[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const text = await clock.runOut(response.text())
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const [, event = '', json = ''] = /^event: (\w+)\ndata: (.+)$/.exec(block) ?? []
      const data: unknown = JSON.parse(json)
      return { event, data: typeof data === 'object' ? { ...data } : {} }
    })
}

export function fileEvents(events: readonly Event[]): readonly Event['data'][] {
  return events.filter(({ event }) => event === 'file').map(({ data }) => data)
}

export function filesOf(scene: FilesScene, ...names: readonly FileName[]): readonly StoredItem[] {
  return names.map((name) => fileOf(scene, name))
}
