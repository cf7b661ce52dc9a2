import { readSessionCookies } from '../cookies.ts'
import { readSessionKey } from '../session/session-cookie.ts'
import type { ProviderDeps } from './provider.ts'

/** Whether a request brings the chat an authorization response of another browser's. */
export type StrayAnswerTest = (
  pathname: string,
  request: Pick<Request, 'headers' | 'url'>,
) => Promise<boolean> | false

/**
 * Binds a code to the browser it was made in, on its way through Entrada to the chat. PKCE would do it, too, but
 * LibreChat and Open WebUI use it only when told to, and without it a stolen code signs its thief in (RFC 9700 §4.5).
 */
export function strayAnswerTest({ clients, grants, issuer }: ProviderDeps): StrayAnswerTest {
  const { origin } = new URL(issuer)
  const paths = new Set(
    clients
      .flatMap(({ redirectUris }) => redirectUris.map((uri) => new URL(uri)))
      .filter((url) => url.origin === origin)
      .map(({ pathname }) => pathname),
  )
  const isStray = async ({ headers, url }: Pick<Request, 'headers' | 'url'>) => {
    const codes = new URL(url).searchParams.getAll('code')
    const opened = await Promise.all(codes.map((code) => grants.openCode(code)))
    const own = readSessionCookies(headers.get('cookie')).map(
      (cookie) => readSessionKey(cookie)?.name,
    )
    return opened.some((code) => code !== null && !own.includes(code.sessionName))
  }
  // Not a promise for every other path: each turn of one shows on a proxied request.
  return (pathname, request) => paths.has(pathname) && isStray(request)
}
