/* `$filter` as Graph takes it. A text is quoted first, and the whole encoded after that. */

/** A text within quotes, as filters take it: a quote is doubled. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `$filter`s for any of these values, `most` in each. */
export function inFilters(
  property: string,
  values: readonly string[],
  most: number,
): readonly string[] {
  return chunks(values, most).map((some) =>
    filter(`${property} in (${some.map(literal).join(',')})`),
  )
}

export function filter(expression: string): string {
  return `$filter=${encodeURIComponent(expression)}`
}

export function chunks<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) =>
    items.slice(index * most, (index + 1) * most),
  )
}
