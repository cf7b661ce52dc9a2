import * as v from 'valibot'
import type { Variables } from './variables.ts'

export const RATE_LIMITED = ['login', 'callback', 'search', 'download', 'picker'] as const

export type RateLimited = (typeof RATE_LIMITED)[number]

/** Requests a minute: per address before sign-in, per user after. */
export type RateLimits = Readonly<Record<RateLimited, { readonly perMinute: number }>>

const DEFAULTS: RateLimits = {
  login: { perMinute: 30 },
  callback: { perMinute: 60 },
  search: { perMinute: 120 },
  download: { perMinute: 120 },
  picker: { perMinute: 60 },
}

const Limit = v.strictObject({ perMinute: v.pipe(v.number(), v.integer(), v.minValue(1)) })
const Limits = v.strictObject(v.entriesFromList(RATE_LIMITED, v.optional(Limit)))

export function readRateLimits(variables: Variables): RateLimits {
  const json = variables.json('RATE_LIMITS')
  if (json === undefined) return DEFAULTS
  const parsed = v.safeParse(Limits, json)
  if (!parsed.success) {
    variables.problem(
      'RATE_LIMITS',
      `does not have the form {"login":{"perMinute":30}} for some of ${RATE_LIMITED.join(', ')}`,
      'Correct it or leave it out',
    )
    return DEFAULTS
  }
  return {
    login: parsed.output.login ?? DEFAULTS.login,
    callback: parsed.output.callback ?? DEFAULTS.callback,
    search: parsed.output.search ?? DEFAULTS.search,
    download: parsed.output.download ?? DEFAULTS.download,
    picker: parsed.output.picker ?? DEFAULTS.picker,
  }
}
