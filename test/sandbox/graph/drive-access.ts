import type { Drive, StoredItem } from '../drives/drive-item.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { CONTOSO } from '../directory/cast.ts'
import { type Caller, holds, requireScope, SCOPES, type Scopes } from './caller.ts'
import { GraphError } from './graph-error.ts'

export function accessDenied(innerCode?: string): GraphError {
  return new GraphError(
    403,
    'accessDenied',
    'Access denied',
    innerCode === undefined ? {} : { innerCode },
  )
}

export function itemNotFound(): GraphError {
  return new GraphError(404, 'itemNotFound', 'The resource could not be found.')
}

/** No licence, never provisioned, or a guest. */
export function noOneDrive(): GraphError {
  return new GraphError(404, 'ResourceNotFound', "User's mysite not found.")
}

/** Permission errors of SharePoint keep SharePoint's format. */
export function requireFileScope(caller: Caller, scopes: Scopes): void {
  requireScope(caller, scopes, accessDenied())
}

/** Only one tenant of the sandbox has SharePoint. */
export function requireSharePoint({ grant }: Caller): void {
  if (grant.tenantId === CONTOSO) return
  throw new GraphError(400, 'BadRequest', 'Tenant does not have a SPO license.')
}

export function ownDrive(world: SandboxWorld, caller: Caller): Drive {
  requireFileScope(caller, SCOPES.ownFiles)
  requireSharePoint(caller)
  const drive = world.drives.oneDriveOf(caller.person.id)
  if (drive === null) throw noOneDrive()
  return drive
}

export function findDrive(world: SandboxWorld, caller: Caller, id: string): Drive {
  requireFileScope(caller, SCOPES.ownFiles)
  requireSharePoint(caller)
  if (!/^b![A-Za-z0-9_-]{64}$/.test(id)) {
    const message =
      'The provided drive id appears to be malformed, or does not represent a valid drive.'
    throw new GraphError(400, 'invalidRequest', message)
  }
  const drive = world.drives.drive(id)
  if (drive === null) throw itemNotFound()
  // `Files.Read` allows the user's own files only.
  if (drive.ownerId !== caller.person.id && !holds(caller, SCOPES.files)) throw accessDenied()
  return drive
}

/** Returns the item if it exists, the caller may read it and no fault prevents it. */
export function findItem(
  world: SandboxWorld,
  caller: Caller,
  where: { readonly driveId: string; readonly itemId: string },
): StoredItem {
  const drive = findDrive(world, caller, where.driveId)
  if (world.faults.take('files.access_denied', caller.person.id) !== null) throw accessDenied()
  const item =
    where.itemId === 'root' ? world.drives.root(drive) : world.drives.item(drive.id, where.itemId)
  if (item === null) throw itemNotFound()
  if (!world.drives.canRead(caller.person.id, item)) throw accessDenied()
  return item
}
