import { Hono } from 'hono'
import type { Person } from '../directory/directory.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type Caller, refuseGuests, requireScope, SCOPES } from './caller.ts'
import { listEntities } from './directory-collection.ts'
import { toUser, USER_PROFILE_PROPERTIES } from './directory-objects.ts'
import { readDirectoryQuery } from './directory-query.ts'
import { noOneDrive } from './drive-access.ts'
import { type GraphContext, type GraphEnv, odata, odataContext } from './graph-env.ts'
import { GraphError, resourceNotFound } from './graph-error.ts'
import { project, type Shape, selected } from './projection.ts'
import { USER_SHAPE, USERS, visibilityOfPerson } from './queryables.ts'

/** Properties from SharePoint are available for one user, but not in a list. */
const ONE_USER: Shape = {
  ...USER_SHAPE,
  properties: [...USER_SHAPE.properties, ...USER_PROFILE_PROPERTIES],
}

export function usersRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()

  routes.get('/me', (c) => {
    requireScope(c.var.caller, SCOPES.me)
    return one(c, world, c.var.caller.person)
  })

  routes.get('/me/mySite', (c) => {
    requireScope(c.var.caller, SCOPES.me)
    const { id } = c.var.caller.person
    const context = odataContext(world.hosts.graph, `users('${id}')/mySite`, { select: null })
    return odata({ '@odata.context': context, value: mySiteOf(world, c.var.caller.person) })
  })

  routes.get('/users', (c) => {
    requireScope(c.var.caller, SCOPES.users)
    refuseGuests(c.var.caller)
    refuseProfileProperties(c.var.options.select)
    const { people } = c.var.caller.directory
    return listEntities(c, world, { objects: people, cast: 'user', set: 'users' })
  })

  routes.get('/users/$count', (c) => {
    requireScope(c.var.caller, SCOPES.users)
    refuseGuests(c.var.caller)
    const { caller, options } = c.var
    if (!options.isEventual) throw countRefused()
    const query = readDirectoryQuery(USERS, { ...options, count: true }, caller)
    const { people } = caller.directory
    return c.text(String(people.filter((person) => query.matches(toUser(person))).length))
  })

  routes.get('/users/:id', (c) => {
    const person = findPerson(c.var.caller, c.req.param('id'))
    if (person !== c.var.caller.person) requireScope(c.var.caller, SCOPES.users)
    else requireScope(c.var.caller, [...SCOPES.me, ...SCOPES.users])
    return one(c, world, person)
  })

  return routes
}

/** Finds a user by object id or user principal name. */
export function findPerson({ directory }: Caller, idOrName: string): Person {
  const person =
    directory.person(idOrName.toLowerCase()) ?? directory.personByPrincipalName(idOrName)
  if (person === null) throw resourceNotFound(idOrName)
  return person
}

export function countRefused(): GraphError {
  return new GraphError(400, 'Request_BadRequest', '$count is not currently supported.')
}

function one(c: GraphContext, world: SandboxWorld, person: Person): Response {
  const { caller, options } = c.var
  const properties = selected(ONE_USER, options.select)
  const user = {
    ...toUser(person),
    ...(properties.includes('mySite') ? { mySite: mySiteOf(world, person) } : {}),
  }
  return odata({
    '@odata.context': odataContext(world.hosts.graph, 'users', {
      select: options.select,
      suffix: '/$entity',
    }),
    ...project(user, properties, visibilityOfPerson(caller, person.id)),
  })
}

function mySiteOf(world: SandboxWorld, person: Person): string {
  const drive = world.drives.oneDriveOf(person.id)
  if (drive === null) throw noOneDrive()
  return `${world.drives.siteUrl(drive)}/`
}

function refuseProfileProperties(select: readonly string[] | null): void {
  const wanted = select?.find((name) => USER_PROFILE_PROPERTIES.some((known) => known === name))
  if (wanted === undefined) return
  throw new GraphError(501, 'NotImplemented', `${wanted} is not supported on a collection.`)
}
