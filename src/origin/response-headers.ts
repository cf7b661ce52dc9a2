import { setsOwnCookie } from './own-cookies.ts'
import { connectionOptions, SECRET_HEADER } from './request-headers.ts'

/**
 * The chat app's answer as it may leave. Almost every answer is returned as it came; only one that carries what
 * it must not is wrapped anew, because wrapping costs as much as the rest of the way.
 */
export function cleanResponse(response: Response): Response {
  const { headers } = response
  const plantsCookie = /__host-entrada/i.test(headers.get('set-cookie') ?? '')
  const options = connectionOptions(headers.get('connection'))
  const unwanted = UNWANTED.filter((name) => headers.has(name))
  if (!plantsCookie && options.length === 0 && unwanted.length === 0) return response
  // Keeps `webSocket` and the body's encoding.
  const clean = new Response(response.body, response)
  for (const name of [...options, ...unwanted]) clean.headers.delete(name)
  if (plantsCookie) {
    const lines = clean.headers.getSetCookie().filter((line) => !setsOwnCookie(line))
    clean.headers.delete('set-cookie')
    for (const line of lines) clean.headers.append('set-cookie', line)
  }
  return clean
}

/** Ours to say, or for one connection only. */
const UNWANTED = ['entrada-error', SECRET_HEADER, 'proxy-authenticate']
