import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import { ALL_SCOPES, aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'
import { aString } from './matchers.ts'

const sandbox = aSandbox()
const adeles = sandbox.drives.oneDriveOf(CAST.adele.id)?.id ?? ''
const eventual = { consistencylevel: 'eventual' }
const checkBody = { groupIds: [CAST_GROUPS.chatUsers] }
const memberBody = { securityEnabledOnly: true }

const ROUTES: [path: string, scopes: readonly string[], body?: object][] = [
  ['/v1.0/me', ['User.Read']],
  ['/v1.0/me/mySite', ['User.Read']],
  ['/v1.0/me/photo/$value', ['User.Read']],
  ['/v1.0/me/people', ['People.Read']],
  ['/v1.0/users', ['User.ReadBasic.All']],
  [`/v1.0/users/${CAST.megan.id}`, ['User.ReadBasic.All']],
  [`/v1.0/users/${CAST.megan.id}/photos/48x48/$value`, ['User.ReadBasic.All']],
  ['/v1.0/groups', ['GroupMember.Read.All']],
  [`/v1.0/groups/${CAST_GROUPS.chatUsers}`, ['GroupMember.Read.All']],
  [`/v1.0/groups/${CAST_GROUPS.chatUsers}/members`, ['GroupMember.Read.All']],
  [`/v1.0/groups/${CAST_GROUPS.allEmployees}/transitiveMembers`, ['GroupMember.Read.All']],
  [`/v1.0/groups/${CAST_GROUPS.chatUsers}/owners`, ['GroupMember.Read.All']],
  ['/v1.0/me/transitiveMemberOf', ['User.Read']],
  ['/v1.0/me/getMemberObjects', ['User.Read'], memberBody],
  ['/v1.0/me/getMemberGroups', ['User.Read', 'GroupMember.Read.All'], memberBody],
  ['/v1.0/me/checkMemberGroups', ['User.Read', 'GroupMember.Read.All'], checkBody],
  ['/v1.0/directoryObjects/getByIds', ['User.ReadBasic.All'], { ids: [CAST.megan.id] }],
  ['/v1.0/me/drive', ['Files.Read']],
  [`/v1.0/drives/${adeles}`, ['Files.Read']],
  [`/v1.0/drives/${adeles}/root/children`, ['Files.Read']],
  ['/v1.0/sites/root', ['Sites.Read.All']],
]

test.each<[path: string, scopes: readonly string[], body?: object]>(ROUTES)(
  '%s opens with %j and with nothing less',
  async (path, scopes, body) => {
    const send = (held: readonly string[]) => {
      const graph = calling(sandbox, { ...CAST.adele, scopes: held })
      return body === undefined ? graph.get(path, eventual) : graph.post(path, body)
    }
    expect((await send(scopes)).status).toBe(200)
    for (const missing of scopes) {
      const refused = await send(scopes.filter((scope) => scope !== missing))
      expect(refused.status).toBe(403)
      expect(['Authorization_RequestDenied', 'accessDenied', 'ErrorAccessDenied']).toContain(
        codeOf(refused),
      )
    }
    // Unrelated scopes do not help.
    const unrelated = ['openid', 'Calendars.Read', 'Mail.Read', 'Contacts.Read']
    expect((await send(unrelated)).status).toBe(403)
  },
)

test('the directory refuses with its own error code and format', async () => {
  const refused = await calling(sandbox, { ...CAST.adele, scopes: ['User.Read'] }).get(
    '/v1.0/users',
  )
  expect(refused.body).toEqual({
    error: {
      code: 'Authorization_RequestDenied',
      message: 'Insufficient privileges to complete the operation.',
      innerError: {
        date: aString(),
        'request-id': aString(),
        'client-request-id': aString(),
      },
    },
  })
})

test('User.ReadBasic.All returns basic properties and null for the rest', async () => {
  const select =
    '$select=id,displayName,mail,jobTitle,department,accountEnabled,userType,otherMails'
  const other = await calling(sandbox).get(`/v1.0/users/${CAST.megan.id}?${select}`)
  expect(other.body).toMatchObject({
    id: CAST.megan.id,
    displayName: 'Megan Bowen',
    mail: 'megan.bowen@contoso.example',
    jobTitle: null,
    department: null,
    accountEnabled: null,
    userType: null,
    otherMails: [],
  })
  const full = calling(sandbox, { ...CAST.adele, scopes: [...ALL_SCOPES, 'User.Read.All'] })
  expect((await full.get(`/v1.0/users/${CAST.megan.id}?${select}`)).body).toMatchObject({
    jobTitle: 'Marketing Manager',
    accountEnabled: true,
    userType: 'Member',
  })
})

test("the user's own profile is complete", async () => {
  const own = await calling(sandbox).get('/v1.0/me?$select=jobTitle,accountEnabled,userType')
  expect(own.body).toMatchObject({
    jobTitle: 'Product Marketing Manager',
    accountEnabled: true,
    userType: 'Member',
  })
})

test('filters cannot reveal hidden properties', async () => {
  const graph = calling(sandbox)
  for (const filter of [
    "department eq 'Sales'",
    'accountEnabled eq false',
    "userType eq 'Guest'",
  ]) {
    expect((await graph.get(`/v1.0/users?$filter=${encodeURIComponent(filter)}`)).status).toBe(403)
  }
  const search = encodeURIComponent('"jobTitle:Intern"')
  expect((await graph.get(`/v1.0/users?$search=${search}`, eventual)).status).toBe(403)
  const full = calling(sandbox, { ...CAST.adele, scopes: ['User.Read.All'] })
  expect((await full.get("/v1.0/users?$filter=department eq 'Sales'")).status).toBe(200)
})

test('a property that Graph does not have is a bad request', async () => {
  const graph = calling(sandbox)
  for (const path of ['users', 'groups', 'me', 'me/people', 'me/drive', 'me/drive/root']) {
    const refused = await graph.get(`/v1.0/${path}?$select=id,shoeSize`)
    expect([path, refused.status, codeOf(refused)]).toEqual([path, 400, 'BadRequest'])
  }
})

test('properties that SharePoint stores are not available in a list of users', async () => {
  const graph = calling(sandbox)
  expect((await graph.get('/v1.0/users?$select=id,mySite')).status).toBe(501)
  expect((await graph.get('/v1.0/me?$select=mySite')).body['mySite']).toBe(
    `${sandbox.hosts.oneDrive}/personal/adele_vance_contoso_example/`,
  )
})

test("Files.Read allows the user's own files and no others", async () => {
  const graph = calling(sandbox, { ...CAST.adele, scopes: ['Files.Read'] })
  const marketing = sandbox.drives.siteDrive('Marketing').id
  expect((await graph.get(`/v1.0/drives/${marketing}/root`)).status).toBe(403)
  const wider = calling(sandbox, { ...CAST.adele, scopes: ['Files.Read.All'] })
  expect((await wider.get(`/v1.0/drives/${marketing}/root`)).status).toBe(200)
})

test('guests may not list the directory', async () => {
  const graph = calling(sandbox, CAST.gustav)
  for (const path of ['users', 'groups']) {
    const refused = await graph.get(`/v1.0/${path}`)
    expect([refused.status, codeOf(refused)]).toEqual([403, 'Authorization_RequestDenied'])
  }
  expect((await graph.get('/v1.0/me')).body['displayName']).toBe('Gustav Lindqvist')
  expect((await graph.get(`/v1.0/users/${CAST.adele.id}`)).status).toBe(200)
  expect(valueOf(await graph.get('/v1.0/me/memberOf'))).toHaveLength(1)
  expect((await graph.get(`/v1.0/groups/${CAST_GROUPS.chatUsers}/members`)).status).toBe(403)
  expect((await graph.get(`/v1.0/groups/${CAST_GROUPS.phoenixTwo}/members`)).status).toBe(200)
})

test('guests have neither a mailbox nor a OneDrive', async () => {
  const graph = calling(sandbox, CAST.gustav)
  const people = await graph.get('/v1.0/me/people')
  expect([people.status, codeOf(people)]).toEqual([404, 'MailboxNotEnabledForRESTAPI'])
  for (const path of ['me/drive', 'me/mySite']) {
    const drive = await graph.get(`/v1.0/${path}`)
    expect([drive.status, codeOf(drive)]).toEqual([404, 'ResourceNotFound'])
  }
})
