import { setsOwnCookie } from '../cookies.ts'
import { connectionOptions, SECRET_HEADER } from './request-headers.ts'

/** For one connection only (RFC 9110 §7.6.1, §11.7.1); the platform takes the others away itself. */
const HOP_BY_HOP = ['proxy-authenticate', 'proxy-connection']
/** Ours to say, and where it means something. */
const OURS_ON_FAILURES = 'entrada-error'

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
    ...HOP_BY_HOP.filter((name) => headers.has(name)),
    ...(!response.ok && headers.has(OURS_ON_FAILURES) ? [OURS_ON_FAILURES] : []),
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
