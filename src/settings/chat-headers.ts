import * as v from 'valibot'
import type { Variables } from './variables.ts'

/** Claims about a user that a header can carry. */
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
 * Encodings of a value that is not plain ASCII: `percent` of the UTF-8 bytes (RFC 3986), `ascii` with the nearest
 * ASCII letters, `base64` of the UTF-8 bytes.
 */
export const HEADER_ENCODINGS = ['percent', 'ascii', 'base64'] as const

/** The claim that a header carries, and its encoding. */
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

/** Header names whose meaning to HTTP or to Entrada must not change. */
const RESERVED =
  /^(?:authorization|connection|content-.*|cookie|entrada-.*|expect|host|origin|range|sec-.*|te|trailer|transfer-encoding|upgrade|x-forwarded-(?:for|host|proto))$/

const IDENTIFYING: ReadonlySet<HeaderRule['claim']> = new Set([
  'id',
  'tenantId',
  'email',
  'username',
])

/** Reads `ORIGIN_HEADERS`: adds headers to the preset's or replaces them; `null` removes one. Lower-case names. */
export function readChatHeaders(variables: Variables): ReadonlyMap<string, HeaderRule | null> {
  const fix = `Write {"X-Header":{"claim":"email","encoding":"percent"}} or {"X-Header":null}; claims: ${HEADER_CLAIMS.join(', ')}; encodings: ${HEADER_ENCODINGS.join(', ')}`
  const table = variables.json('ORIGIN_HEADERS', Headers, fix) ?? {}
  const rules = new Map(
    Object.entries(table).map(([name, rule]) => [name.toLowerCase(), ruleOf(rule)]),
  )
  for (const [name, rule] of rules) {
    // The assertion may be removed, because an app that forwards headers would forward it too.
    const isRemovedAssertion = name === 'entrada-assertion' && rule === null
    if (RESERVED.test(name.replaceAll('_', '-')) && !isRemovedAssertion) {
      variables.problem(
        'ORIGIN_HEADERS',
        `names ${name}, which HTTP or Entrada reserves`,
        'Choose another header name',
      )
    }
    if (rule?.encoding === 'ascii' && IDENTIFYING.has(rule.claim)) {
      variables.problem(
        'ORIGIN_HEADERS',
        `encodes ${rule.claim} as ascii, which can make two people look alike`,
        'Use percent or base64 for this claim',
      )
    }
  }
  return rules
}

/** A claim without an encoding is percent-encoded. */
function ruleOf(rule: v.InferOutput<typeof Rule>): HeaderRule | null {
  return typeof rule === 'string' ? { claim: rule, encoding: 'percent' } : rule
}
