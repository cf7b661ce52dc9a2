import * as v from 'valibot'
import type { Variables } from './variables.ts'

/** What of a user a header can carry. */
export const HEADER_CLAIMS = [
  'id',
  'tenantId',
  'email',
  'name',
  'username',
  'groups',
  'roles',
  'role',
] as const

/**
 * How a value that is not plain ASCII is written: `percent` as RFC 3986 UTF-8, `ascii` folded to its
 * nearest letters, `base64` of the UTF-8 bytes.
 */
export const HEADER_ENCODINGS = ['percent', 'ascii', 'base64'] as const

export interface HeaderRule {
  readonly claim: (typeof HEADER_CLAIMS)[number]
  readonly encoding: (typeof HEADER_ENCODINGS)[number]
}

const Claim = v.picklist(HEADER_CLAIMS)
const Rule = v.nullable(
  v.union([
    Claim,
    v.strictObject({
      claim: Claim,
      encoding: v.optional(v.picklist(HEADER_ENCODINGS), 'percent'),
    }),
  ]),
)

/** RFC 9110 §5.6.2 token. */
const HeaderName = v.pipe(v.string(), v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/))
const Headers = v.record(HeaderName, Rule)

/** Headers whose meaning to HTTP or to us must not change. */
const RESERVED =
  /^(?:authorization|connection|content-.*|cookie|entrada-.*|expect|host|origin|range|sec-.*|te|trailer|transfer-encoding|upgrade|x-forwarded-(?:for|host|proto))$/

const IDENTIFYING: ReadonlySet<HeaderRule['claim']> = new Set([
  'id',
  'tenantId',
  'email',
  'username',
])

/** `ORIGIN_HEADERS`: adds to or replaces the preset's table; `null` takes a header away. */
export function readChatHeaders(variables: Variables): ReadonlyMap<string, HeaderRule | null> {
  const fix = `Write {"X-Header":{"claim":"email","encoding":"percent"}} or {"X-Header":null}; claims: ${HEADER_CLAIMS.join(', ')}; encodings: ${HEADER_ENCODINGS.join(', ')}`
  const table = variables.json('ORIGIN_HEADERS', Headers, fix) ?? {}
  const rules = new Map(
    Object.entries(table).map(([name, rule]) => [name.toLowerCase(), ruleOf(rule)]),
  )
  for (const [name, rule] of rules) {
    // The one reserved header that may be left out: an app that passes headers on would pass it on, too.
    const isSilenced = name === 'entrada-assertion' && rule === null
    if (RESERVED.test(name.replaceAll('_', '-')) && !isSilenced) {
      variables.problem('ORIGIN_HEADERS', `names ${name}, which is not free`, 'Choose another name')
    }
    if (rule?.encoding === 'ascii' && IDENTIFYING.has(rule.claim)) {
      variables.problem(
        'ORIGIN_HEADERS',
        `folds ${rule.claim} to ASCII, which can make two people look like one`,
        'Use percent or base64 there',
      )
    }
  }
  return rules
}

/** A claim alone stands for itself, percent-encoded where it has to be. */
function ruleOf(rule: v.InferOutput<typeof Rule>): HeaderRule | null {
  return typeof rule === 'string' ? { claim: rule, encoding: 'percent' } : rule
}
