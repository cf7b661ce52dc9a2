const UNUSUAL = /[%;\\A-Z]|\/[./]|.\/$/
const ESCAPE = /%([0-9a-f]{2})/gi

/**
 * A path as the most lenient of common routers would match it: letters in any case (Express), a closing slash,
 * escapes (Fastify, nginx), path parameters (Tomcat), backslashes and empty or dot segments are no difference.
 * Whatever Entrada answers in the chat's place is found by it, because another spelling would reach the chat.
 * @param path of a parsed URL, without query
 */
export function routedPath(path: string): string {
  if (!UNUSUAL.test(path)) return path
  let plain = path
  // Twice escaped is read twice by a chain of two servers.
  for (let last = ''; last !== plain;) {
    last = plain
    plain = plain.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  const segments: string[] = []
  for (const text of plain.toLowerCase().split(/[/\\]/)) {
    const [segment = ''] = text.split(';')
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
