import { silentAmong } from '../health.ts'
import { failed, ok, skipped, warning, type CheckContext, type CheckResult } from './verdict.ts'

/** Bad ones serve nothing at all; what is left is worth saying. */
export async function checkSettings({
  settings: { warnings },
}: CheckContext): Promise<CheckResult> {
  if (warnings.length === 0) return ok('All hold.')
  return warning(warnings.join('. '), 'Mend or remove them.')
}

export async function checkBindings({ dependencies, log }: CheckContext): Promise<CheckResult> {
  const names = await silentAmong(dependencies, log)
  if (names.length === 0) return ok('All answer.')
  return failed(`No answer: ${names.join(', ')}.`, 'See wrangler.toml and the log.')
}

/** A Worker does not learn by which other names it answers, nor what becomes of requests it is not run for. */
export async function checkOtherHostNames(): Promise<CheckResult> {
  return skipped('See the dashboard: the route fails closed, workers.dev is off.')
}
