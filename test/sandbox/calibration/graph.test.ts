import type * as graph from '@microsoft/microsoft-graph-types'
import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import { ADELE_FILES } from '../drives/cast-files.ts'
import { aSandbox, calling } from '../graph/graph-caller.ts'
import {
  GROUP_PROPERTIES,
  USER_PROFILE_PROPERTIES,
  USER_PROPERTIES,
} from '../graph/directory-objects.ts'
import { DRIVE_ITEM } from '../graph/drive-items.ts'
import { DRIVE } from '../graph/files.ts'
import { PERSON } from '../graph/people.ts'
import { SITE } from '../graph/sites.ts'
import { GraphSchema } from './graph-schema.ts'

/**
 * Compares answers with Microsoft's published schema, so that no code relies on a property that
 * only the sandbox has.
 */
const schema = new GraphSchema()
const sandbox = aSandbox()
const client = calling(sandbox)
const eventual = { consistencylevel: 'eventual' }
const adeles = sandbox.drives.oneDriveOf(CAST.adele.id)
if (adeles === null) throw new Error('Adele has a OneDrive')
const drive = `/v1.0/drives/${adeles.id}`
const itemPath = (name: keyof typeof ADELE_FILES) =>
  `${drive}/items/${sandbox.drives.at(adeles, ADELE_FILES[name]).id}`

const every = (properties: readonly string[]) =>
  properties.filter((name) => !name.startsWith('@')).join(',')

const ANSWERS: [path: string, type: string][] = [
  ['/v1.0/me', 'User'],
  [`/v1.0/me?$select=${every([...USER_PROPERTIES, ...USER_PROFILE_PROPERTIES])}`, 'User'],
  ['/v1.0/users?$top=999', 'User'],
  ['/v1.0/groups?$top=999', 'Group'],
  [`/v1.0/groups/${CAST_GROUPS.chatUsers}?$select=${every(GROUP_PROPERTIES)}`, 'Group'],
  [`/v1.0/groups/${CAST_GROUPS.everyoneInSales}/members/microsoft.graph.user?$count=true`, 'User'],
  ['/v1.0/me/transitiveMemberOf/microsoft.graph.group?$count=true', 'Group'],
  ['/v1.0/me/people?$top=1000', 'Person'],
  ['/v1.0/me/photo', 'ProfilePhoto'],
  ['/v1.0/me/drive', 'Drive'],
  ['/v1.0/sites/root', 'Site'],
  [`${drive}/root/children`, 'DriveItem'],
  [`${itemPath('text')}?$select=${every(DRIVE_ITEM.properties)}`, 'DriveItem'],
  [`${itemPath('manyFiles')}/children`, 'DriveItem'],
  ...(['report', 'malware', 'checkedOut', 'notebook', 'shortcut', 'folderShortcut'] as const).map(
    (name): [string, string] => [itemPath(name), 'DriveItem'],
  ),
]

test.each(ANSWERS)('%s contains no property that %s does not have', async (path, type) => {
  const { status, body } = await client.get(path, eventual)
  expect(status).toBe(200)
  const entities = 'value' in body ? body['value'] : body
  expect(Array.isArray(entities) ? entities.length : 1).toBeGreaterThan(0)
  expect(schema.unknownProperties(entities, type)).toEqual([])
})

test.each<[type: string, properties: readonly string[]]>([
  ['User', [...USER_PROPERTIES, ...USER_PROFILE_PROPERTIES]],
  ['Group', GROUP_PROPERTIES],
  ['Person', PERSON.properties],
  ['DriveItem', DRIVE_ITEM.properties],
  ['Drive', DRIVE.properties],
  ['Site', SITE.properties],
])('every property that $select accepts for %s exists in Graph', (type, properties) => {
  const known = schema.properties(type)
  expect(properties.filter((name) => !name.startsWith('@') && !known.has(name))).toEqual([])
})

test('the comparison detects a property that Graph does not have', () => {
  const madeUp = { displayName: 'Adele', shoeSize: 38 }
  expect(schema.unknownProperties(madeUp, 'User')).toEqual(['User/shoeSize'])
  expect(schema.unknownProperties([{ file: { hashes: { md5: '' } } }], 'DriveItem')).toEqual([
    'DriveItem/file/hashes/md5',
  ])
})

test('the compiler detects it too', () => {
  // @ts-expect-error Graph's user has no shoe size. If this line compiled, the types would check
  // nothing.
  const user: graph.User = { id: CAST.adele.id, shoeSize: 38 }
  expect(schema.unknownProperties(user, 'User')).toEqual(['User/shoeSize'])
})
