import { LEAVE_OUT, type Variables } from './variables.ts'

/** LibreChat's own, without a meaning here: an `.env` that is carried over may hold them. */
const LIBRECHAT_NAMES =
  /^OPENID_(?:AUDIENCE|AUTO_REDIRECT|AVATAR_AUTHORIZED_ORIGINS|BUTTON_LABEL|CLOCK_TOLERANCE|DISCOVERY_RETRY_\w+|GENERATE_NONCE|IMAGE_URL|JWKS_URL_CACHE_\w+|NAME_CLAIM|ON_BEHALF_FLOW_\w+|REFRESH_AUDIENCE|REUSE_MAX_SESSION_AGE_MS|ROLE_SYNC_\w+|USERNAME_CLAIM|USE_PKCE)$/

/**
 * Reports every name that looks like ours and was not asked for: a misspelt access rule would admit everybody.
 * Names that resemble none of ours belong to somebody else and pass.
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
      const fix = name.includes('TENANT') ? 'The tenant stands in OPENID_ISSUER' : LEAVE_OUT
      variables.problem(name, 'is not a setting of Entrada', fix)
    }
  }
}

/** The known name a slip or two away; `null` when none is that close. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const written = name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
  const near = Array.from(known, (one) => ({ one, slips: slipsBetween(written, one) }))
  const [nearest] = near.sort((a, b) => a.slips - b.slips)
  return nearest !== undefined && nearest.slips <= slipsIn(nearest.one) ? nearest.one : null
}

/** In a short name two slips already make another name, as `ORIGIN_URL` and `ORIGIN_UI`. */
function slipsIn(name: string): number {
  if (name.length <= 10) return 1
  return name.length < 18 ? 2 : 3
}

function slipsBetween(written: string, known: string): number {
  if (hasSameWords(written, known)) return 1
  // The difference in length is a lower bound; most names are far apart and need no table.
  const limit = slipsIn(known)
  const gap = Math.abs(written.length - known.length)
  return gap > limit ? gap : editDistance(written, known)
}

/** The same words in another order or number, or all but one of three and more: `ALLOWED_DOMAINS`. */
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

/** Letters to add, take away, replace or swap with their neighbour (optimal string alignment). */
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
