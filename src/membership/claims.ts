/** Claims of an id token whose signature is verified. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The texts at a dotted path. A list gives its members, and a list of objects what the rest of the path finds in each.
 * A single text gives itself and its words, as in LibreChat.
 */
export function textsAt(claims: Claims, path: readonly string[]): readonly string[] {
  return valuesAt(claims, path).flatMap((value) => {
    if (Array.isArray(value)) return value.filter((one) => typeof one === 'string')
    return typeof value === 'string' ? [value, ...value.split(/[\s,]+/)] : []
  })
}

export function isTrueAt(claims: Claims, path: readonly string[]): boolean {
  return valuesAt(claims, path).includes(true)
}

function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const [step, ...rest] = path
  if (step === undefined) return [value]
  if (Array.isArray(value)) {
    if (/^\d+$/.test(step)) return valuesAt(value[Number(step)], rest)
    // As one list, so that a name with a space in a list of objects is not split into words.
    const found = value.flatMap((one: unknown) => valuesAt(one, path))
    return [found.flat()]
  }
  // The names of custom claims are often URLs with dots: the longest name that matches wins.
  for (let length = path.length; length > 0; length--) {
    const found = ownValue(value, path.slice(0, length).join('.'))
    if (found !== undefined) return valuesAt(found, path.slice(length))
  }
  return []
}

/** Own properties alone, because a configured path may be `constructor.name`. */
function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return new Map<string, unknown>(Object.entries(value)).get(name)
}

/** The groups in a token. */
export type GroupsClaim =
  | { readonly kind: 'listed'; readonly values: readonly string[] }
  /** Too many for a token: Entra names a URL to ask instead, to which no token may ever be sent. */
  | { readonly kind: 'overflown' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable' }

/**
 * Reads the `groups` claim. Entra marks overage in several ways: `_claim_names` in the code flow, `hasgroups`
 * in the implicit one, and in between a `src1` where the list would be.
 */
export function readGroupsClaim(claims: Claims): GroupsClaim {
  if (isOverflown(claims)) return { kind: 'overflown' }
  const groups = claims['groups']
  if (groups === undefined || groups === null) return { kind: 'absent' }
  if (typeof groups === 'string') return { kind: 'listed', values: textsAt(claims, ['groups']) }
  if (!Array.isArray(groups)) return { kind: 'unreadable' }
  const values = groups.filter((one) => typeof one === 'string')
  return values.length === groups.length ? { kind: 'listed', values } : { kind: 'unreadable' }
}

function isOverflown(claims: Claims): boolean {
  const hasGroups = claims['hasgroups']
  if (hasGroups !== undefined && hasGroups !== false && hasGroups !== 'false') return true
  if (ownValue(claims['_claim_names'], 'groups') !== undefined) return true
  const groups = claims['groups']
  const texts = Array.isArray(groups) ? groups : [groups]
  const isPointer = texts.some((text) => typeof text === 'string' && /^src\d+$/.test(text))
  return isPointer || Object.keys(claims).some((name) => /^groups:src\d+$/.test(name))
}
