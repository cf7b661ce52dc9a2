import { LEAVE_OUT, type Variables } from './variables.ts'

/** LibreChat's settings without a meaning for Entrada: an `.env` from LibreChat may contain them. */
const LIBRECHAT_NAMES =
  /^OPENID_(?:AUDIENCE|AUTO_REDIRECT|AVATAR_AUTHORIZED_ORIGINS|BUTTON_LABEL|CLOCK_TOLERANCE|DISCOVERY_RETRY_\w+|GENERATE_NONCE|IMAGE_URL|JWKS_URL_CACHE_\w+|NAME_CLAIM|ON_BEHALF_FLOW_\w+|REFRESH_AUDIENCE|REUSE_MAX_SESSION_AGE_MS|ROLE_SYNC_\w+|USERNAME_CLAIM|USE_PKCE)$/

/**
 * Reports every variable whose name resembles a setting and is none, because a misspelt access rule would admit
 * everybody. Variables with other names belong to other programs and pass. Call it after all settings are read.
 */
export function reportUnknownNames(variables: Variables): void {
  for (const name of variables.names) {
    if (variables.asked.has(name)) continue
    if (LIBRECHAT_NAMES.test(name)) {
      variables.warnings.push(`${name} has no effect here`)
      continue
    }
    const nearest = nearestName(name, variables.asked)
    if (nearest !== null) {
      variables.problem(name, 'is not a setting of Entrada', `Did you mean ${nearest}?`)
    } else if (/^(?:OPENID|SHAREPOINT|ENTRA)_/.test(name)) {
      const fix = name.includes('TENANT') ? 'Write the tenant in OPENID_ISSUER' : LEAVE_OUT
      variables.problem(name, 'is not a setting of Entrada', fix)
    }
  }
}

/** An access rule without its prefix. Other names without it, as `CLIENT_ID`, belong to other programs. */
const UNPREFIXED_RULE = /^(?:ADMIN|ALLOW|REQUIRE)[A-Z]*_(?:ROLE|TENANT)S?$/

/** Finds the known name that is a typing error or two away; `null` when none is that close. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const plain = name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
  const written = UNPREFIXED_RULE.test(plain) ? `OPENID_${plain}` : plain
  const near = Array.from(known, (one) => ({ one, errors: errorsBetween(written, one) }))
  const [nearest] = near
    .filter(({ one, errors }) => errors <= maxErrorsIn(one))
    .sort((a, b) => a.errors - b.errors)
  return nearest?.one ?? null
}

/**
 * How many typing errors a name may have. In a short one two already make another name: `ORIGIN_UI`, `RATE_LIMITER`.
 */
function maxErrorsIn(name: string): number {
  if (name.length <= 11) return 1
  return name.length < 18 ? 2 : 3
}

function errorsBetween(written: string, known: string): number {
  if (hasSameWords(written, known)) return 1
  // The difference in length is a lower bound, which saves the computation for most names.
  const limit = maxErrorsIn(known)
  const gap = Math.abs(written.length - known.length)
  return gap > limit ? gap : editDistance(written, known)
}

/**
 * Whether two names have the same words in another order or number, or one omits a word of three or more:
 * `ALLOWED_DOMAINS`.
 */
function hasSameWords(written: string, known: string): boolean {
  const [own, words] = [wordsOf(written), wordsOf(known)]
  const left = words.filter((word) => !own.includes(word))
  const isPart = own.every((word) => words.includes(word))
  const isShortened = words.length >= 3 && left.length === 1 && own[0] === words[0]
  return isPart && own.length > 1 && (left.length === 0 || isShortened)
}

function wordsOf(name: string): readonly string[] {
  return name.split('_').map((word) => word.replace(/S$/, ''))
}

/** Number of letters to add, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let [before, last]: readonly (readonly number[])[] = [[], Array.from(`${other} `, (_, at) => at)]
  for (let row = 1; row <= one.length; row++) {
    const next = [row]
    for (let at = 1; at <= other.length; at++) {
      const isSame = one[row - 1] === other[at - 1]
      const isSwapped = one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]
      next[at] = Math.min(
        cell(last, at) + 1,
        cell(next, at - 1) + 1,
        cell(last, at - 1) + (isSame ? 0 : 1),
        isSwapped ? cell(before, at - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[before, last] = [last, next]
  }
  return cell(last, other.length)
}

function cell(row: readonly number[] | undefined, at: number): number {
  return row?.[at] ?? Number.POSITIVE_INFINITY
}
