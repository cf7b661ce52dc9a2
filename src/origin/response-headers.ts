import { setsOwnCookie } from './own-cookies.ts'
import { connectionOptions, SECRET_HEADER } from './request-headers.ts'

/** Ours to say, or for one connection only; on failures, which is where they mean something. */
const UNWANTED_ON_FAILURES = ['entrada-error', 'proxy-authenticate']

/**
 * The chat app's answer as it may leave. Almost every answer is returned as it came; only one that carries what
 * it must not is wrapped anew, because wrapping costs as much as the rest of the way.
 * @param hasSecret whether the app was sent one that it might repeat
 */
export function cleanResponse(response: Response, hasSecret: boolean): Response {
  const { headers } = response
  const plantsCookie = /__host-entrada/i.test(headers.get('set-cookie') ?? '')
  const unwanted = [
    ...connectionOptions(headers.get('connection')),
    ...(response.ok ? [] : UNWANTED_ON_FAILURES.filter((name) => headers.has(name))),
    ...(hasSecret && headers.has(SECRET_HEADER) ? [SECRET_HEADER] : []),
  ]
  if (!plantsCookie && unwanted.length === 0) return response
  // Keeps `webSocket` and the body's encoding.
  const clean = new Response(response.body, response)
  for (const name of unwanted) clean.headers.delete(name)
  if (plantsCookie) {
    const lines = clean.headers.getSetCookie().filter((line) => !setsOwnCookie(line))
    clean.headers.delete('set-cookie')
    for (const line of lines) clean.headers.append('set-cookie', line)
  }
  return clean
}
