import type { OriginSettings, PresetName } from '../settings/origin.ts'
import type { UploadTarget } from '../settings/upload.ts'

const PLAIN = { field: 'file', fields: {}, query: [], encodesName: false } as const

/** Where a chat app takes the files its own page uploads. chat-ui has no such place: it sends them with the message. */
const TARGETS: Readonly<Partial<Record<PresetName, UploadTarget>>> = {
  /** The page names the file itself and tells its endpoint; names come percent-encoded. */
  librechat: {
    ...PLAIN,
    path: '/api/files',
    fields: { file_id: '{uuid}', message_file: 'true' },
    encodesName: true,
  },
  'open-webui': { ...PLAIN, path: '/api/v1/files/' },
  chainlit: { ...PLAIN, path: '/project/file', query: ['session_id'] },
}

/** `null` when nobody has said where uploads go. */
export function uploadTargetOf({ upload, preset }: OriginSettings): UploadTarget | null {
  return upload ?? TARGETS[preset] ?? null
}
