/** Adds query parameters to an address, without those that are `null` or `undefined`. */
export function withParameters(
  base: string | URL,
  parameters: Readonly<Record<string, string | null | undefined>>,
): URL {
  const url = new URL(base)
  for (const [name, value] of Object.entries(parameters)) {
    if (value != null) url.searchParams.set(name, value)
  }
  return url
}
