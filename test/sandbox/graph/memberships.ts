import { Hono } from 'hono'
import * as v from 'valibot'
import type { Group } from '../directory/directory.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { holds, requireScope, SCOPES } from './caller.ts'
import { listRelated, show } from './directory-collection.ts'
import { type GraphContext, type GraphEnv, odata, readBody } from './graph-env.ts'
import { denied, GraphError } from './graph-error.ts'

const guid = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i))
const memberBody = v.object({ securityEnabledOnly: v.boolean() })
const checkBody = v.object({ groupIds: v.array(guid) })
const idsBody = v.object({ ids: v.array(guid), types: v.optional(v.array(v.string())) })

/** The caller's groups, and objects by their ids. */
export function membershipsRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()
  const strings = (values: readonly string[]) =>
    odata({
      '@odata.context': `${world.hosts.graph}/v1.0/$metadata#Collection(Edm.String)`,
      value: values,
    })

  routes.get('/me/memberOf', (c) => {
    requireScope(c.var.caller, SCOPES.me)
    const objects = c.var.caller.directory.directGroupsOf(c.var.caller.person.id)
    return listRelated(c, world, { objects, cast: null, set: 'directoryObjects' })
  })

  routes.get('/me/transitiveMemberOf', (c) => {
    requireScope(c.var.caller, SCOPES.me)
    return listRelated(c, world, { objects: ownGroups(c), cast: null, set: 'directoryObjects' })
  })

  routes.get('/me/transitiveMemberOf/microsoft.graph.group', (c) => {
    requireScope(c.var.caller, SCOPES.me)
    return listRelated(c, world, { objects: ownGroups(c), cast: 'group', set: 'groups' })
  })

  routes.post('/me/getMemberObjects', async (c) => {
    requireScope(c.var.caller, SCOPES.me)
    const { securityEnabledOnly } = read(memberBody, await readBody(c))
    return strings(idsOf(ownGroups(c), securityEnabledOnly))
  })

  routes.post('/me/getMemberGroups', async (c) => {
    requireScope(c.var.caller, SCOPES.me)
    requireScope(c.var.caller, SCOPES.groups)
    const { securityEnabledOnly } = read(memberBody, await readBody(c))
    return strings(idsOf(ownGroups(c), securityEnabledOnly))
  })

  routes.post('/me/checkMemberGroups', async (c) => {
    requireScope(c.var.caller, [...SCOPES.me, ...SCOPES.users])
    requireScope(c.var.caller, SCOPES.groups)
    const { groupIds } = read(checkBody, await readBody(c))
    if (groupIds.length > 20) {
      throw new GraphError(
        400,
        'Request_BadRequest',
        'The number of groups to check must not exceed 20.',
      )
    }
    const own = new Set(idsOf(ownGroups(c), false))
    return strings(groupIds.filter((id) => own.has(id.toLowerCase())))
  })

  routes.post('/directoryObjects/getByIds', async (c) => {
    const { caller } = c.var
    if (!holds(caller, SCOPES.users) && !holds(caller, SCOPES.groups)) throw denied()
    const { ids, types } = read(idsBody, await readBody(c))
    if (ids.length > 1000) {
      throw new GraphError(400, 'Request_BadRequest', 'Too many ids: at most 1000 are allowed.')
    }
    const wants = (type: string) => types === undefined || types.includes(type)
    const objects = [...new Set(ids.map((id) => id.toLowerCase()))].flatMap(
      (id) =>
        (wants('user') ? caller.directory.person(id) : null) ??
        (wants('group') ? caller.directory.group(id) : null) ??
        [],
    )
    return odata({
      '@odata.context': `${world.hosts.graph}/v1.0/$metadata#directoryObjects`,
      value: objects.map((object) =>
        show(caller, object, { select: c.var.options.select, cast: null }),
      ),
    })
  })

  return routes
}

function ownGroups(c: GraphContext): readonly Group[] {
  return c.var.caller.directory.transitiveGroupsOf(c.var.caller.person.id)
}

function idsOf(groups: readonly Group[], securityEnabledOnly: boolean): readonly string[] {
  return groups.filter((group) => group.securityEnabled || !securityEnabledOnly).map(({ id }) => id)
}

function read<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const result = v.safeParse(schema, body)
  if (result.success) return result.output
  throw new GraphError(400, 'Request_BadRequest', 'Invalid value specified for a parameter.')
}
