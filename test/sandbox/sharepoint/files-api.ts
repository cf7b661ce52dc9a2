import { Hono } from 'hono'
import type { AccessGrant } from '../access-tokens.ts'
import type { Drive, StoredItem } from '../drives/drive-item.ts'
import { isOneDriveHost, type SharePointHost } from '../hosts.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { readBearer } from './bearer.ts'
import { itemJson, siteJson } from './item-json.ts'
import { apiError, claimsChallenge } from './refusals.ts'

const RECENT = 20

type Env = { Variables: { grant: AccessGrant } }

/**
 * Delegated SharePoint permissions accepted at each host. `MyFiles.*` covers only the person's own
 * OneDrive.
 */
const SITES_SCOPES = /^(AllSites|Sites)\./
const ONE_DRIVE_SCOPES = /^(MyFiles|AllSites|Sites)\./

/** The small part of SharePoint's file API that the picker page uses. */
export function filesApi(world: SandboxWorld, host: SharePointHost): Hono<Env> {
  const { drives } = world
  const scopes = isOneDriveHost(host) ? ONE_DRIVE_SCOPES : SITES_SCOPES
  const api = new Hono<Env>()

  api.use(async (c, next) => {
    const [, token] = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '') ?? []
    const grant = readBearer(world, host, token ?? null)
    if (grant instanceof Response) return grant
    const challenge = world.faults.take('picker.claims_challenge', grant.userId)
    if (challenge !== null) return claimsChallenge()
    if (!grant.scopes.some((scope) => scopes.test(scope))) {
      return apiError(
        403,
        'accessDenied',
        'Either scp or roles claim need to be present in the token.',
      )
    }
    c.set('grant', grant)
    return next()
  })

  api.get('/me/drive/root/children', (c) => {
    const drive = ownDriveHere(c.get('grant'))
    if (drive === null) return apiError(404, 'itemNotFound', "User's mysite not found.")
    return c.json(listing(world, c.get('grant'), drives.root(drive)))
  })

  api.get('/me/drive/recent', (c) => {
    const drive = ownDriveHere(c.get('grant'))
    if (drive === null) return apiError(404, 'itemNotFound', "User's mysite not found.")
    const files = filesBelow(world, drives.root(drive))
    const latest = files
      .toSorted((one, other) => other.modifiedAt - one.modifiedAt)
      .slice(0, RECENT)
    return c.json({ value: latest.map((item) => itemJson(world, item)) })
  })

  api.get('/sites', (c) => {
    const { userId } = c.get('grant')
    const sites = drives.siteDrives.filter(({ site }) => site.host === host)
    const readable = sites.filter((drive) => drives.canReadDrive(userId, drive))
    return c.json({ value: readable.map((drive) => siteJson(drives, drive)) })
  })

  api.get('/drives/:drive/root/children', (c) => {
    const drive = driveHere(c.req.param('drive'))
    if (drive === null) return apiError(404, 'itemNotFound', 'The resource could not be found.')
    return answer(c.get('grant'), drives.root(drive))
  })

  api.get('/drives/:drive/items/:item/children', (c) => {
    const drive = driveHere(c.req.param('drive'))
    const item = drive === null ? null : drives.item(drive.id, c.req.param('item'))
    if (item === null) return apiError(404, 'itemNotFound', 'The resource could not be found.')
    return answer(c.get('grant'), item)
  })

  /** In a multi-geo tenant a OneDrive is on one host and unknown to the others. */
  function ownDriveHere({ userId }: AccessGrant): Drive | null {
    const drive = drives.oneDriveOf(userId)
    return drive?.site.host === host ? drive : null
  }

  function driveHere(id: string): Drive | null {
    const drive = drives.drive(id)
    return drive?.site.host === host ? drive : null
  }

  function answer(grant: AccessGrant, folder: StoredItem): Response {
    if (!drives.canRead(grant.userId, folder)) return apiError(403, 'accessDenied', 'Access denied')
    return Response.json(listing(world, grant, folder))
  }

  return api
}

function filesBelow(world: SandboxWorld, folder: StoredItem): readonly StoredItem[] {
  return world.drives
    .children(folder)
    .flatMap((item) => (item.body.kind === 'folder' ? filesBelow(world, item) : [item]))
}

function listing(
  world: SandboxWorld,
  grant: AccessGrant,
  folder: StoredItem,
): { value: unknown[] } {
  const children = world.drives.children(folder)
  const readable = children.filter((item) => world.drives.canRead(grant.userId, item))
  return { value: readable.map((item) => itemJson(world, item)) }
}
