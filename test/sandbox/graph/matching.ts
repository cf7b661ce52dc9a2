import type { FilterExpression, Literal } from './filter-expression.ts'
import { propertyOf } from './projection.ts'
import type { SearchExpression } from './search-expression.ts'
import { holdsTokens, soughtTokens, tokenise } from './tokens.ts'

/** The two properties that are tokenised; `$search` on any other property means "starts with". */
const TOKENISED = new Set(['displayName', 'description'])
const tokens = new WeakMap<object, Map<string, readonly string[]>>()

const finders = new WeakMap<SearchExpression, Finder>()

type Finder = (entity: object) => boolean

export function isFound(search: SearchExpression, entity: object): boolean {
  const finder = finders.get(search) ?? finderOf(search)
  finders.set(search, finder)
  return finder(entity)
}

/** Tokenises the search text once, not once for each person of the directory. */
function finderOf(search: SearchExpression): Finder {
  if (search.kind === 'clause') return clauseFinder(search.property, search.text)
  const [left, right] = [finderOf(search.left), finderOf(search.right)]
  return search.kind === 'and'
    ? (entity) => left(entity) && right(entity)
    : (entity) => left(entity) || right(entity)
}

function clauseFinder(property: string, text: string): Finder {
  const sought = soughtTokens(text)
  const beginning = text.toLowerCase()
  return (entity) => {
    const value = propertyOf(entity, property)
    if (typeof value !== 'string') return false
    if (!TOKENISED.has(property)) return value.toLowerCase().startsWith(beginning)
    return holdsTokens(tokensOf(entity, property, value), sought)
  }
}

/** Compares strings case-insensitively, as the directory does. */
export function passes(filter: FilterExpression, entity: object): boolean {
  switch (filter.kind) {
    case 'and':
      return passes(filter.left, entity) && passes(filter.right, entity)
    case 'or':
      return passes(filter.left, entity) || passes(filter.right, entity)
    case 'not':
      return !passes(filter.operand, entity)
    default:
  }
  const value = propertyOf(entity, filter.property) ?? null
  switch (filter.kind) {
    case 'eq':
      return isEqual(value, filter.value)
    case 'ne':
      return !isEqual(value, filter.value)
    case 'in':
      return filter.values.some((candidate) => isEqual(value, candidate))
    case 'any':
      return Array.isArray(value) && value.some((element) => isEqual(element, filter.value))
    case 'startswith':
      return typeof value === 'string' && startsWith(value, filter.text)
    case 'endswith':
      return typeof value === 'string' && value.toLowerCase().endsWith(filter.text.toLowerCase())
  }
}

function tokensOf(entity: object, property: string, value: string): readonly string[] {
  const ofEntity = tokens.get(entity) ?? new Map<string, readonly string[]>()
  const known = ofEntity.get(property)
  if (known !== undefined) return known
  const indexed = tokenise(value)
  ofEntity.set(property, indexed)
  tokens.set(entity, ofEntity)
  return indexed
}

function startsWith(value: string, text: string): boolean {
  return value.toLowerCase().startsWith(text.toLowerCase())
}

function isEqual(value: unknown, literal: Literal): boolean {
  if (typeof value !== 'string' || typeof literal !== 'string') return value === literal
  return value.toLowerCase() === literal.toLowerCase()
}
