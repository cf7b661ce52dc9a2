import { oncePerBindings, runtimeOf, settingsOf } from './edge/runtime.ts'
import { createEdge } from './edge/edge.ts'
import { EntradaFailure } from './failure.ts'
import { createLog } from './log.ts'
import { renderFailure } from './http/problem.ts'
import { describeProblems } from './settings/variables.ts'
import { composeEdge } from './edge/compose.ts'

export {
  KeyObject,
  LookupObject,
  ReplayObject,
  SessionObject,
  UserObject,
} from './edge/durable-objects.ts'

export default {
  fetch(request, env, context): Promise<Response> {
    const result = settingsOf(env)
    if (!result.ok) {
      const report = describeProblems(result.problems, result.warnings)
      return misconfigured(request, report, result.isLoopback)
    }
    return edgeOf(env)(request, context)
  },
} satisfies ExportedHandler<Bindings>

const edgeOf = oncePerBindings((env) => {
  const deps = runtimeOf(env)
  // Worth saying, not worth refusing to serve; once for each isolate.
  const log = createLog(crypto.randomUUID())
  for (const warning of deps.settings.warnings) log.warn('setting', { warning })
  return createEdge(composeEdge(env, deps))
})

/** A Worker with a bad configuration serves nothing. What is wrong goes to the operator, not to visitors. */
function misconfigured(request: Request, report: string, isLoopback: boolean): Promise<Response> {
  const requestId = crypto.randomUUID()
  createLog(requestId).error('misconfigured', undefined, { report })
  const failure = new EntradaFailure('misconfigured', isLoopback ? { detail: report } : {})
  return renderFailure(failure, { request, requestId, publicOrigin: null, callbackPath: null })
}
