import * as v from 'valibot'
import type { SessionIdentity } from './session-calls.ts'

const User = v.object({
  id: v.string(),
  tenantId: v.string(),
  name: v.nullable(v.string()),
  email: v.nullable(v.string()),
  username: v.nullable(v.string()),
  roles: v.array(v.string()),
  groups: v.array(v.string()),
})
const Identity = v.object({
  user: User,
  isOperator: v.boolean(),
  subject: v.string(),
  loginHint: v.nullable(v.string()),
  idToken: v.nullable(v.string()),
})

/** Reads back what a session object has sealed; `null` for what another version sealed in another shape. */
export function readSessionIdentity(json: string): SessionIdentity | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Identity), json)
  return parsed.success ? parsed.output : null
}
