import * as v from 'valibot'
import type { Variables } from './variables.ts'

/** Requests a minute: per address before sign-in, per user after. */
const Limits = v.strictObject({
  login: limit(120),
  callback: limit(60),
  notice: limit(120),
  search: limit(120),
  download: limit(120),
  picker: limit(60),
})

export type RateLimits = Readonly<v.InferOutput<typeof Limits>>

export type RateLimited = keyof RateLimits

export function readRateLimits(variables: Variables): RateLimits {
  const names = Object.keys(Limits.entries).join(', ')
  const fix = `Write {"login":{"perMinute":30}} for some of ${names}`
  return variables.json('RATE_LIMITS', Limits, fix) ?? v.parse(Limits, {})
}

function limit(perMinute: number) {
  const Limit = v.strictObject({ perMinute: v.pipe(v.number(), v.integer(), v.minValue(1)) })
  return v.optional(Limit, { perMinute })
}
