import type * as graph from '@microsoft/microsoft-graph-types'
import { Hono } from 'hono'
import type { SandboxWorld } from '../sandbox.ts'
import { type Caller, requireScope, SCOPES } from './caller.ts'
import { readFilterExpression } from './filter-expression.ts'
import { type GraphContext, type GraphEnv, odata, odataContext } from './graph-env.ts'
import { badRequest, GraphError, noSuchSegment } from './graph-error.ts'
import { passes } from './matching.ts'
import { matchPerson } from './people-search.ts'
import { project, propertyOf, type Shape, selected } from './projection.ts'
import { directoryPeople, relevantPeople } from './relevant-people.ts'
import { readSearchPhrase } from './search-expression.ts'

const PROPERTIES = [
  'id',
  'displayName',
  'givenName',
  'surname',
  'birthday',
  'personNotes',
  'isFavorite',
  'jobTitle',
  'companyName',
  'yomiCompany',
  'department',
  'officeLocation',
  'profession',
  'userPrincipalName',
  'imAddress',
  'scoredEmailAddresses',
  'phones',
  'postalAddresses',
  'websites',
  'personType',
] as const satisfies readonly (keyof graph.Person)[]

export const PERSON: Shape = {
  type: 'microsoft.graph.person',
  properties: PROPERTIES,
  defaults: PROPERTIES,
  always: ['id'],
}

const MOST = 1000
const MOST_FOUND = 250

/** People insights: a separate service with its own rules. */
export function peopleRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()

  routes.get('/me/people', (c) => {
    const { caller, options } = c.var
    if (world.faults.take('graph.people_missing', caller.person.id) !== null) {
      throw noSuchSegment('people')
    }
    if (world.faults.take('graph.people_outage', caller.person.id) !== null) {
      throw new GraphError(
        503,
        'ErrorServerBusy',
        'The server cannot service this request right now.',
      )
    }
    requireScope(
      caller,
      SCOPES.people,
      new GraphError(
        403,
        'ErrorAccessDenied',
        'Access is denied. Check credentials and try again.',
      ),
    )
    requireMailbox(caller)
    const found = findPeople(c)
    const size = options.top ?? 10
    if (size < 1 || size > MOST) throw badRequest(`Invalid value '${size}' for $top found.`)
    const skip = options.skip ?? 0
    const next = skip + size < found.length ? skip + size : null
    const properties = selected(PERSON, options.select)
    return odata({
      '@odata.context': odataContext(
        world.hosts.graph,
        `users('${caller.person.id}')/people`,
        options,
      ),
      ...(next === null ? {} : { '@odata.nextLink': linkTo(world, c, next) }),
      value: found.slice(skip, skip + size).map((person) => project(person, properties)),
    })
  })

  return routes
}

function findPeople(c: GraphContext): readonly graph.Person[] {
  const { caller, options } = c.var
  const filter = options.filter === null ? null : readFilterExpression(options.filter)
  const phrase = options.search === null ? null : readSearchPhrase(options.search)
  const sources = c.req.header('x-peoplequery-querysources') ?? 'Mailbox'
  const isWide = phrase !== null && /\bDirectory\b/i.test(sources)
  const known = relevantPeople(caller)
  const all = isWide ? [...known, ...unknown(directoryPeople(caller), known)] : known
  const passing = filter === null ? all : all.filter((person) => passes(filter, person))
  const ranked = scored(passing, phrase)
  return options.orderBy === null ? ranked : sorted(ranked, options.orderBy)
}

/** Relevance decreases along the list. In a search it is a negative log score. */
function scored(people: readonly graph.Person[], phrase: string | null): readonly graph.Person[] {
  const matches = people.map((person) => ({
    person,
    match: phrase === null ? 'exact' : matchPerson(person, phrase),
  }))
  const ranked = ['exact', 'fuzzy'].flatMap((kind) => matches.filter(({ match }) => match === kind))
  return ranked.slice(0, phrase === null ? MOST : MOST_FOUND).map(({ person }, index) => ({
    ...person,
    scoredEmailAddresses: (person.scoredEmailAddresses ?? []).map(({ address }) => ({
      address: address ?? null,
      relevanceScore: phrase === null ? Math.max(1, 30 - index) : -12.25 - index / 64,
      selectionLikelihood: 'notSpecified',
    })),
  }))
}

function sorted(people: readonly graph.Person[], orderBy: string): readonly graph.Person[] {
  const [, name = '', direction] = /^(\w+)(?:\s+(asc|desc))?$/i.exec(orderBy.trim()) ?? []
  if (name !== 'displayName') throw badRequest(`Sorting by '${orderBy}' is not supported.`)
  const sign = direction?.toLowerCase() === 'desc' ? -1 : 1
  return people.toSorted(
    (a, b) => sign * String(propertyOf(a, name)).localeCompare(String(propertyOf(b, name))),
  )
}

function unknown(
  candidates: readonly graph.Person[],
  known: readonly graph.Person[],
): readonly graph.Person[] {
  const names = new Set(known.map(({ userPrincipalName }) => userPrincipalName))
  return candidates.filter(({ userPrincipalName }) => !names.has(userPrincipalName))
}

/** Insights are stored in the mailbox. Guests and people without a licence have none. */
function requireMailbox({ person }: Caller): void {
  if (person.userType === 'Member' && person.mail !== null) return
  throw new GraphError(
    404,
    'MailboxNotEnabledForRESTAPI',
    'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
  )
}

function linkTo(world: SandboxWorld, c: GraphContext, skip: number): string {
  const query = [...c.var.options.repeated, ['$skip', String(skip)] as const]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return `${world.hosts.graph}${new URL(c.req.url).pathname}?${query}`
}
