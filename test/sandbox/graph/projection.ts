import { badRequest } from './graph-error.ts'

export interface Shape {
  /** OData type name, `microsoft.graph.user`. */
  readonly type: string
  /** Every property `$select` accepts. */
  readonly properties: readonly string[]
  /** Properties returned without `$select`. */
  readonly defaults: readonly string[]
  /** Properties returned whatever is selected. */
  readonly always?: readonly string[]
}

/** The requested properties in Graph's spelling; 400 for a name the type does not have. */
export function selected(shape: Shape, select: readonly string[] | null): readonly string[] {
  if (select === null) return shape.defaults
  const chosen = select.map((name) => {
    if (name === '*') return shape.defaults
    const property = shape.properties.find((known) => known.toLowerCase() === name.toLowerCase())
    if (property !== undefined) return property
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type '${shape.type}'.`,
    )
  })
  return [...new Set([...(shape.always ?? []), ...chosen.flat()])]
}

/** A requested property without a value is null, not absent. */
export function project(
  entity: object,
  properties: readonly string[],
  isVisible: (property: string) => boolean = () => true,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    properties.map((property) => {
      const value = propertyOf(entity, property)
      if (!isVisible(property)) return [property, Array.isArray(value) ? [] : null]
      return [property, value ?? null]
    }),
  )
}

/** Resolves a path such as `personType/class`. */
export function propertyOf(entity: object, path: string): unknown {
  let value: unknown = entity
  for (const segment of path.split('/')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, segment)
  }
  return value
}
