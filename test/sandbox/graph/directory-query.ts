import type { Caller } from './caller.ts'
import { type FilterExpression, readFilterExpression } from './filter-expression.ts'
import { denied, type GraphError, unsupportedQuery } from './graph-error.ts'
import { isFound, passes } from './matching.ts'
import { propertyOf } from './projection.ts'
import type { QueryOptions } from './query-options.ts'
import { readSearchExpression, type SearchExpression } from './search-expression.ts'

type Support = 'default' | 'advanced'

/** Operators a property supports in `$filter`, and whether they need the advanced parameters. */
export interface Filterability {
  readonly eq: Support
  readonly startswith?: Support
  readonly endswith?: 'advanced'
  /** Comparison with null is an advanced query, where it is supported. */
  readonly isNullable?: boolean
}

export interface Queryable {
  readonly resource: 'User' | 'Group'
  readonly filterable: Readonly<Record<string, Filterability>>
  readonly sortable: readonly string[]
  /** A filter must not reveal properties that the projection hides. */
  isVisible(caller: Caller, property: string): boolean
}

export interface DirectoryQuery {
  matches(entity: object): boolean
  readonly compare: ((a: object, b: object) => number) | null
}

/**
 * Parses `$search`, `$filter` and `$orderby` for one kind of directory object and checks their
 * preconditions.
 */
export function readDirectoryQuery(
  queryable: Queryable,
  options: QueryOptions,
  caller: Caller,
): DirectoryQuery {
  const rules = new QueryRules(queryable, caller, options.isEventual && options.count)
  if (options.search !== null && !options.isEventual) {
    throw unsupportedQuery(
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    )
  }
  const search = options.search === null ? null : rules.search(readSearchExpression(options.search))
  const filter = options.filter === null ? null : rules.filter(readFilterExpression(options.filter))
  const compare = options.orderBy === null ? null : readOrder(options.orderBy, queryable)
  if (filter !== null && compare !== null) rules.demand('advanced', 'orderby')
  return {
    matches: (entity) =>
      (search === null || isFound(search, entity)) && (filter === null || passes(filter, entity)),
    compare,
  }
}

/** Validates an expression and returns it with the properties in Graph's spelling. */
class QueryRules {
  readonly #queryable: Queryable
  readonly #caller: Caller
  readonly #isAdvanced: boolean

  constructor(queryable: Queryable, caller: Caller, isAdvanced: boolean) {
    this.#queryable = queryable
    this.#caller = caller
    this.#isAdvanced = isAdvanced
  }

  search(search: SearchExpression): SearchExpression {
    if (search.kind === 'clause') return { ...search, property: this.#property(search.property) }
    return { ...search, left: this.search(search.left), right: this.search(search.right) }
  }

  filter(filter: FilterExpression): FilterExpression {
    if ('left' in filter) {
      return { ...filter, left: this.filter(filter.left), right: this.filter(filter.right) }
    }
    if (filter.kind === 'not') {
      this.demand('advanced', 'not')
      return { ...filter, operand: this.filter(filter.operand) }
    }
    const property = this.#property(filter.property)
    const able = this.#queryable.filterable[property]
    switch (filter.kind) {
      case 'eq':
        if (filter.value !== null) this.demand(able?.eq, 'eq', property)
        else this.demand(able?.isNullable === true ? 'advanced' : undefined, 'eq', property)
        break
      case 'ne':
        this.demand('advanced', 'ne')
        break
      case 'in':
      case 'any':
        this.demand(able?.eq, filter.kind, property)
        break
      case 'startswith':
        this.demand(able?.startswith, 'startsWith', property)
        break
      case 'endswith':
        this.demand(able?.endswith, 'endsWith', property)
    }
    return { ...filter, property }
  }

  demand(support: Support | undefined, operator: string, property = ''): void {
    if (support === undefined) throw this.#unsupported(property)
    if (support === 'default' || this.#isAdvanced) return
    throw unsupportedQuery(
      `Operator '${operator}' is not supported because the required parameters might be missing. ` +
        'Try adding $count=true query parameter and ConsistencyLevel:eventual header. ' +
        'Refer to https://aka.ms/graph-docs/advanced-queries for more information',
    )
  }

  #property(name: string): string {
    const property = Object.keys(this.#queryable.filterable).find(
      (known) => known.toLowerCase() === name.toLowerCase(),
    )
    if (property === undefined) throw this.#unsupported(name)
    if (!this.#queryable.isVisible(this.#caller, property)) throw denied()
    return property
  }

  #unsupported(property: string): GraphError {
    return unsupportedQuery(
      `Unsupported or invalid query filter clause specified for property '${property}' of resource '${this.#queryable.resource}'.`,
    )
  }
}

function readOrder(orderBy: string, { sortable }: Queryable): (a: object, b: object) => number {
  const [, name = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(orderBy) ?? []
  const property = sortable.find((known) => known.toLowerCase() === name.toLowerCase())
  if (property === undefined) {
    throw unsupportedQuery(`Sorting not supported for current query: '${orderBy}'.`)
  }
  const sign = direction.toLowerCase() === 'desc' ? -1 : 1
  return (a, b) =>
    sign * String(propertyOf(a, property)).localeCompare(String(propertyOf(b, property)))
}
