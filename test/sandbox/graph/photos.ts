import type * as graph from '@microsoft/microsoft-graph-types'
import { Hono } from 'hono'
import type { Person } from '../directory/directory.ts'
import { mix } from '../directory/random.ts'
import { pngFor } from '../drives/png.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type Caller, requireScope, SCOPES } from './caller.ts'
import { type GraphEnv, odata } from './graph-env.ts'
import { GraphError } from './graph-error.ts'
import { findPerson } from './users.ts'

const SIDES = [48, 64, 96, 120, 240, 360, 432, 504, 648] as const

export function photosRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()
  const context = (id: string) => `${world.hosts.graph}/v1.0/$metadata#users('${id}')/photo/$entity`

  routes.get('/me/photo', (c) => metadata(context(c.var.caller.person.id), own(c.var.caller)))
  routes.get('/me/photo/$value', (c) => picture(own(c.var.caller), null))
  routes.get('/me/photos/:size/$value', (c) => picture(own(c.var.caller), c.req.param('size')))
  routes.get('/users/:id/photo', (c) => {
    const person = other(c.var.caller, c.req.param('id'))
    return metadata(context(person.id), person)
  })
  routes.get('/users/:id/photo/$value', (c) =>
    picture(other(c.var.caller, c.req.param('id')), null),
  )
  routes.get('/users/:id/photos/:size/$value', (c) =>
    picture(other(c.var.caller, c.req.param('id')), c.req.param('size')),
  )
  return routes
}

function own(caller: Caller): Person {
  requireScope(caller, SCOPES.me)
  return caller.person
}

function other(caller: Caller, id: string): Person {
  const person = findPerson(caller, id)
  requireScope(caller, person === caller.person ? [...SCOPES.me, ...SCOPES.users] : SCOPES.users)
  return person
}

/** The requested size, or the largest available below it. */
function picture(person: Person, size: string | null): Response {
  const largest = largestSideOf(person)
  const side = size === null ? largest : Math.min(readSide(size), largest)
  if (!person.hasPhoto) {
    throw new GraphError(
      404,
      'ImageNotFound',
      "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
    )
  }
  const seed = seedOf(person)
  return new Response(new Uint8Array(pngFor(seed, side)), {
    headers: {
      'content-type': 'image/png',
      'cache-control': 'private, max-age=0',
      etag: `"${seed.toString(16).toUpperCase()}"`,
    },
  })
}

/** For a person without a photo, the metadata reports a size of 1x1. */
function metadata(context: string, person: Person): Response {
  const side = person.hasPhoto ? largestSideOf(person) : 1
  const photo: graph.ProfilePhoto = { id: `${side}x${side}`, width: side, height: side }
  return odata({
    '@odata.context': context,
    '@odata.mediaContentType': person.hasPhoto ? 'image/png' : 'image/gif',
    '@odata.mediaEtag': person.hasPhoto ? `"${seedOf(person).toString(16).toUpperCase()}"` : '',
    ...photo,
  })
}

function readSide(size: string): number {
  const side = SIDES.find((known) => size.toLowerCase() === `${known}x${known}`)
  if (side !== undefined) return side
  throw new GraphError(400, 'ErrorInvalidImageId', 'The image ID is not valid.')
}

/** Some photos were small when they were uploaded. */
function largestSideOf(person: Person): number {
  return SIDES[3 + (seedOf(person) % 6)] ?? 648
}

function seedOf(person: Person): number {
  return mix(...new TextEncoder().encode(person.id))
}
