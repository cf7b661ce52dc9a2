import * as v from 'valibot'
import type { FaultSetting } from '../faults.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(1))
const duration = v.pipe(v.number(), v.integer(), v.minValue(0))

const SETTING = v.strictObject({
  times: v.optional(v.nullable(count)),
  delayMs: v.optional(duration),
  retryAfterSeconds: v.optional(duration),
  userId: v.optional(v.pipe(v.string(), v.uuid())),
})

/** The JSON of `PUT /faults/{name}`; an empty body switches the fault on until it is switched off. */
export function readFaultJson(body: string): Partial<FaultSetting> | null {
  try {
    return settingOf(body === '' ? {} : JSON.parse(body))
  } catch {
    return null
  }
}

/** A form's fields; an empty field is one left out. */
export function readFaultForm(form: FormData): Partial<FaultSetting> | null {
  const filled = [...form].filter(([, value]) => value !== '')
  return settingOf(
    Object.fromEntries(
      filled.map(([name, value]) => [name, name === 'userId' ? value : Number(value)]),
    ),
  )
}

function settingOf(input: unknown): Partial<FaultSetting> | null {
  const parsed = v.safeParse(SETTING, input)
  if (!parsed.success) return null
  const { times, delayMs, retryAfterSeconds, userId } = parsed.output
  return {
    times: times ?? Number.POSITIVE_INFINITY,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(userId === undefined ? {} : { userId }),
  }
}
