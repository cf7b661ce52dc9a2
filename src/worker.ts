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

/*
 * A request goes through `worker.ts` (are the settings valid?), `edge/edge.ts` (is the path ours or the chat app's?)
 * and then `edge/app.ts` (our own routes) or `proxy/chat-proxy.ts` (the chat app).
 */
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
  // Warnings do not stop the Worker. They are logged once per isolate.
  const log = createLog()
  for (const warning of deps.settings.warnings) log.warn('setting', { warning })
  return createEdge(composeEdge(env, deps))
})

/** Answers every request of a Worker with invalid settings. The report goes to the log, on loopback also to the page. */
function misconfigured(request: Request, report: string, isLoopback: boolean): Promise<Response> {
  const requestId = crypto.randomUUID()
  createLog(requestId).error('misconfigured', undefined, { report })
  const failure = new EntradaFailure('misconfigured', isLoopback ? { detail: report } : {})
  return renderFailure(failure, { request, requestId, publicOrigin: null, callbackPath: null })
}
