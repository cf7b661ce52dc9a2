import { createHash } from 'node:crypto'
import { CAST } from '../../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../../sandbox/drives/cast-files.ts'
import type { Drive, StoredItem } from '../../sandbox/drives/drive-item.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada, type Entrada, type EntradaOptions } from '../../support/entrada.ts'

export type FileName = keyof typeof ADELE_FILES

/** A signed-in person in an organisation whose administrator has consented to files. */
export interface FilesScene {
  readonly entrada: Entrada
  readonly browser: Browser
}

export async function aFilesScene(
  options: EntradaOptions & { readonly who?: keyof typeof CAST } = {},
): Promise<FilesScene> {
  const entrada = anEntrada(options)
  const { entra, hosts } = entrada.sandbox
  entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
  entra.grantAdminConsent(['MyFiles.Read', 'AllSites.Read'], hosts.sharePoint)
  const browser = entrada.browser()
  await browser.signIn(CAST[options.who ?? 'adele'].userPrincipalName)
  return { entrada, browser }
}

export function adelesDrive({ entrada }: Pick<FilesScene, 'entrada'>): Drive {
  const drive = entrada.sandbox.drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return drive
}

export function fileOf(scene: Pick<FilesScene, 'entrada'>, name: FileName): StoredItem {
  return scene.entrada.sandbox.drives.at(adelesDrive(scene), ADELE_FILES[name])
}

export function pathOf({ driveId, id }: Pick<StoredItem, 'driveId' | 'id'>): string {
  return `/.entrada/files/${driveId}/${id}`
}

export function contentPathOf(item: Pick<StoredItem, 'driveId' | 'id'>): string {
  return `${pathOf(item)}/content`
}

export async function bytesOf(
  { entrada }: Pick<FilesScene, 'entrada'>,
  item: StoredItem,
): Promise<Uint8Array> {
  return new Uint8Array(await new Response(entrada.sandbox.drives.content(item)).arrayBuffer())
}

export function sha256(bytes: Uint8Array | ArrayBuffer): string {
  return createHash('sha256').update(new Uint8Array(bytes)).digest('hex')
}

export async function bodySha256(response: Response): Promise<string> {
  const hash = createHash('sha256')
  await response.body?.pipeTo(
    new WritableStream<Uint8Array>({
      write(chunk) {
        hash.update(chunk)
      },
    }),
  )
  return hash.digest('hex')
}
