import { setsOwnCookie } from '../cookies.ts'
import { connectionOptions, SECRET_HEADER } from './request-headers.ts'

/** Hop-by-hop headers (RFC 9110 §7.6.1, §11.7.1) that the platform does not remove itself. */
const HOP_BY_HOP = ['proxy-authenticate', 'proxy-connection']
/** Marks a failure of Entrada's. On a failure of the chat app it would mislead the caller. */
const ERROR_HEADER = 'entrada-error'

/**
 * Removes what the chat app's response must not carry: hop-by-hop headers, our own headers and our cookies. Other
 * responses are returned unchanged, because wrapping one costs as much as all other work (`npm run bench`).
 * @param hasSecret whether the app receives `ORIGIN_SECRET` and might echo it
 */
export function cleanResponse(response: Response, hasSecret: boolean): Response {
  const { headers } = response
  const setsOurCookie = /__host-entrada/i.test(headers.get('set-cookie') ?? '')
  const unwanted = [
    ...connectionOptions(headers.get('connection')),
    ...HOP_BY_HOP.filter((name) => headers.has(name)),
    ...(!response.ok && headers.has(ERROR_HEADER) ? [ERROR_HEADER] : []),
    ...(hasSecret && headers.has(SECRET_HEADER) ? [SECRET_HEADER] : []),
  ]
  if (!setsOurCookie && unwanted.length === 0) return response
  // This constructor keeps `webSocket` and the encoding of the body.
  const clean = new Response(response.body, response)
  for (const name of unwanted) clean.headers.delete(name)
  if (setsOurCookie) {
    const lines = clean.headers.getSetCookie().filter((line) => !setsOwnCookie(line))
    clean.headers.delete('set-cookie')
    for (const line of lines) clean.headers.append('set-cookie', line)
  }
  return clean
}
