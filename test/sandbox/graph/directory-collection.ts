import type { Group, Person } from '../directory/directory.ts'
import type { SandboxWorld } from '../sandbox.ts'
import type { Caller } from './caller.ts'
import { toGroup, toUser } from './directory-objects.ts'
import { readDirectoryQuery } from './directory-query.ts'
import { type GraphContext, odata, odataContext } from './graph-env.ts'
import { unsupportedQuery } from './graph-error.ts'
import { readPage } from './paging.ts'
import { project, type Shape, selected } from './projection.ts'
import {
  GROUP_SHAPE,
  GROUPS,
  USER_SHAPE,
  USERS,
  visibilityOfGroup,
  visibilityOfPerson,
} from './queryables.ts'
import { readPageSize, refuseSkip } from './query-options.ts'

export type Cast = 'user' | 'group' | null

export interface DirectoryCollection {
  readonly objects: readonly (Person | Group)[]
  /** The cast segment at the end of the path: `/microsoft.graph.user`. */
  readonly cast: Cast
  /** Name of the entity set in the OData context. */
  readonly set: string
}

/** `/users` and `/groups`: every object of one kind. */
export function listEntities(
  c: GraphContext,
  world: SandboxWorld,
  collection: DirectoryCollection & { readonly cast: 'user' | 'group' },
): Response {
  return list(c, world, collection)
}

/** Members, owners, memberships: people and groups together, or one kind by a cast. */
export function listRelated(
  c: GraphContext,
  world: SandboxWorld,
  collection: DirectoryCollection,
): Response {
  const { options } = c.var
  const isNarrowed = collection.cast !== null || options.filter !== null
  if (isNarrowed && !(options.isEventual && options.count)) {
    throw unsupportedQuery(
      "The specified filter to the reference property query is currently not supported. Try adding $count=true query parameter and 'ConsistencyLevel: eventual' header.",
    )
  }
  return list(c, world, collection)
}

function list(c: GraphContext, world: SandboxWorld, collection: DirectoryCollection): Response {
  const { caller, options } = c.var
  const { cast, set } = collection
  refuseSkip(options)
  const shape = cast === null ? ANY : cast === 'user' ? USER_SHAPE : GROUP_SHAPE
  const select = options.select === null ? null : selected(shape, options.select)
  const query = readDirectoryQuery(cast === 'user' ? USERS : GROUPS, options, caller)
  const found = collection.objects.filter((object) => query.matches(write(object)))
  if (query.compare !== null) {
    const { compare } = query
    found.sort((a, b) => compare(write(a), write(b)))
  }
  const size = readPageSize(options)
  const page = readPage(world, found, { url: c.req.url, options, size, userId: caller.person.id })
  // The cast filters after paging, so pages may be short or empty. Only a missing nextLink marks
  // the end.
  const items = page.items.filter((object) => isOfKind(object, cast))
  const count = found.filter((object) => isOfKind(object, cast)).length
  return odata({
    '@odata.context': odataContext(world.hosts.graph, set, { select: options.select }),
    ...(options.count && options.isEventual && page.isFirst ? { '@odata.count': count } : {}),
    ...(page.nextLink === null ? {} : { '@odata.nextLink': page.nextLink }),
    value: items.map((object) => show(caller, object, { select, cast })),
  })
}

const ANY: Shape = {
  type: 'microsoft.graph.directoryObject',
  properties: [...new Set([...USER_SHAPE.properties, ...GROUP_SHAPE.properties])],
  defaults: ['id'],
}

interface Showing {
  /** Properties in Graph's spelling; without `$select` each kind has its own defaults. */
  readonly select: readonly string[] | null
  readonly cast: Cast
}

/**
 * An object that the caller may not read appears with id and type; its other properties are null.
 */
export function show(caller: Caller, object: Person | Group, { select, cast }: Showing): object {
  const kind = isPerson(object) ? 'user' : 'group'
  const shape = kind === 'user' ? USER_SHAPE : GROUP_SHAPE
  const isVisible = isPerson(object)
    ? visibilityOfPerson(caller, object.id)
    : visibilityOfGroup(caller)
  const own = select?.filter((property) => shape.properties.includes(property)) ?? shape.defaults
  return {
    ...(cast === null ? { '@odata.type': `#microsoft.graph.${kind}` } : {}),
    ...project(write(object), own, isVisible),
  }
}

function isOfKind(object: Person | Group, cast: Cast): boolean {
  return cast === null || isPerson(object) === (cast === 'user')
}

function isPerson(object: Person | Group): object is Person {
  return 'userPrincipalName' in object
}

function write(object: Person | Group): object {
  return isPerson(object) ? toUser(object) : toGroup(object)
}
