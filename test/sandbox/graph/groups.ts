import { Hono } from 'hono'
import type { Group, Person } from '../directory/directory.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type Caller, holds, refuseGuests, requireScope, SCOPES } from './caller.ts'
import { type Cast, listEntities, listRelated, show } from './directory-collection.ts'
import { toGroup } from './directory-objects.ts'
import { readDirectoryQuery } from './directory-query.ts'
import { type GraphContext, type GraphEnv, odata, odataContext, propertiesOf } from './graph-env.ts'
import { denied, noSuchSegment, resourceNotFound } from './graph-error.ts'
import { GROUP_SHAPE, GROUPS } from './queryables.ts'
import { countRefused } from './users.ts'

const RELATIONS = ['members', 'transitiveMembers', 'owners'] as const
type Relation = (typeof RELATIONS)[number]

export function groupsRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()

  routes.use('/groups/*', (c, next) => {
    requireScope(c.var.caller, SCOPES.groups)
    return next()
  })

  routes.get('/groups', (c) => {
    refuseGuests(c.var.caller)
    const { groups } = c.var.caller.directory
    return listEntities(c, world, { objects: groups, cast: 'group', set: 'groups' })
  })

  routes.get('/groups/$count', (c) => {
    const { caller, options } = c.var
    refuseGuests(caller)
    if (!options.isEventual) throw countRefused()
    const query = readDirectoryQuery(GROUPS, { ...options, count: true }, caller)
    const { groups } = caller.directory
    return c.text(String(groups.filter((group) => query.matches(toGroup(group))).length))
  })

  routes.get('/groups/:id', (c) => {
    const group = findGroup(c.var.caller, c.req.param('id'))
    const { select } = c.var.options
    const properties = propertiesOf(c, GROUP_SHAPE)
    return odata({
      '@odata.context': odataContext(world.hosts.graph, 'groups', { select, suffix: '/$entity' }),
      ...show(c.var.caller, group, { select: properties, cast: 'group' }),
    })
  })

  const related = (c: GraphContext, id: string, path: readonly [relation: string, cast: Cast]) => {
    const relation = RELATIONS.find((known) => known === path[0])
    if (relation === undefined) throw noSuchSegment(path[0])
    const group = findGroup(c.var.caller, id)
    refuseHidden(c.var.caller, group)
    const objects = relatedTo(c.var.caller, group, relation)
    const set = path[1] === null ? 'directoryObjects' : `${path[1]}s`
    return listRelated(c, world, { objects, cast: path[1], set })
  }

  routes.get('/groups/:id/:relation', (c) =>
    related(c, c.req.param('id'), [c.req.param('relation'), null]),
  )
  routes.get('/groups/:id/:relation/microsoft.graph.user', (c) =>
    related(c, c.req.param('id'), [c.req.param('relation'), 'user']),
  )
  routes.get('/groups/:id/:relation/microsoft.graph.group', (c) =>
    related(c, c.req.param('id'), [c.req.param('relation'), 'group']),
  )

  return routes
}

function findGroup({ directory }: Caller, id: string): Group {
  const group = directory.group(id.toLowerCase())
  if (group === null) throw resourceNotFound(id)
  return group
}

function relatedTo({ directory }: Caller, group: Group, relation: Relation) {
  if (relation === 'transitiveMembers') return directory.transitiveMembersOf(group.id)
  const ids = relation === 'owners' ? group.ownerIds : group.memberIds
  return ids.flatMap((id): readonly (Person | Group)[] => {
    const object = directory.person(id) ?? directory.group(id)
    return object === null ? [] : [object]
  })
}

/**
 * Hidden membership is visible to members, owners and `Member.Read.Hidden`. Guests see their own
 * groups.
 */
function refuseHidden(caller: Caller, group: Group): void {
  const isHidden = group.visibility === 'HiddenMembership' || caller.person.userType === 'Guest'
  if (!isHidden || group.ownerIds.includes(caller.person.id)) return
  if (caller.person.userType === 'Member' && holds(caller, SCOPES.hiddenMembership)) return
  const own = caller.directory.transitiveGroupsOf(caller.person.id)
  if (!own.some(({ id }) => id === group.id)) throw denied()
}
