import type { OriginSettings, PresetName } from '../settings/origin.ts'
import type { UploadTarget } from '../settings/upload.ts'

const PLAIN = { field: 'file', fields: {}, query: [], encodesName: false } as const

/** Where each kind of chat app takes the files its own page uploads. */
const TARGETS: Readonly<Record<PresetName, UploadTarget | null>> = {
  generic: null,
  /** The page names the file itself and tells its endpoint; names come percent-encoded. */
  librechat: {
    ...PLAIN,
    path: '/api/files',
    fields: { file_id: '{uuid}', message_file: 'true' },
    encodesName: true,
  },
  'open-webui': { ...PLAIN, path: '/api/v1/files/' },
  /** Files are sent with the message, in the message's own request. */
  'chat-ui': null,
  chainlit: { ...PLAIN, path: '/project/file', query: ['session_id'] },
  onyx: null,
  gate: null,
}

/** `null` when nobody has said where uploads go. */
export function uploadTargetOf({ upload, preset }: OriginSettings): UploadTarget | null {
  return upload ?? TARGETS[preset]
}
