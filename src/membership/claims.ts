/** Claims of an id token whose signature has been checked. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The texts at a dotted path. A list counts by its members, a list of objects by what the rest of the path
 * finds in each, and a single text, as in LibreChat, also by its words.
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
    // Whole texts only: a name in a list of objects is not a list of words.
    const found = value.flatMap((one: unknown) => valuesAt(one, path))
    return [found.flat()]
  }
  // Claims of one's own making are often named by a URL, dots and all: the longest name that fits wins.
  for (let length = path.length; length > 0; length--) {
    const found = ownValue(value, path.slice(0, length).join('.'))
    if (found !== undefined) return valuesAt(found, path.slice(length))
  }
  return []
}

/** Own properties only: `constructor.name` is a path somebody may write. */
function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return new Map<string, unknown>(Object.entries(value)).get(name)
}

/** What a token says of groups. */
export type GroupsClaim =
  | { readonly kind: 'listed'; readonly values: readonly string[] }
  /** Too many for a token: Entra names a place to ask instead, which must never see a bearer. */
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
