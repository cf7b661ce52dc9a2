/* OData expressions for Graph's `$filter`: literals are quoted first, then the whole expression is URL-encoded. */

/** A string literal: in single quotes, with quotes in the text doubled. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `$filter` parameters that match any of the values, with at most `maxValues` in each. */
export function inFilters(
  property: string,
  values: readonly string[],
  maxValues: number,
): readonly string[] {
  return chunks(values, maxValues).map((chunk) =>
    filter(`${property} in (${chunk.map(literal).join(',')})`),
  )
}

/** The query parameter `$filter`, encoded. */
export function filter(expression: string): string {
  return `$filter=${encodeURIComponent(expression)}`
}

/** Splits a list into chunks of at most `maxItems`. */
export function chunks<T>(items: readonly T[], maxItems: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / maxItems) }, (_, index) =>
    items.slice(index * maxItems, (index + 1) * maxItems),
  )
}
