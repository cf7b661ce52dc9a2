/** Whether a page's own policy lets our script run, and under which nonce, if it wants one. */
export type ScriptPermission =
  | { readonly allowed: false }
  | { readonly allowed: true; readonly nonce: string | null }

const REFUSED: ScriptPermission = { allowed: false }
const NONCE = /^'nonce-[A-Za-z0-9+/_-]+={0,2}'$/

/**
 * Reads `Content-Security-Policy` (CSP Level 3) for a script at an address of the page's own origin. Every
 * policy must agree. A page that forbids it is left as it is: a blocked script would only fill its console.
 */
export function scriptPermissionOf(header: string | null, publicOrigin: string): ScriptPermission {
  const policies = (header ?? '').split(',').map(directivesOf)
  if (policies.some(isSandboxed)) return REFUSED
  const sources = policies.map(scriptSources).filter((list) => list !== null)
  const nonce = sources.flat().find((source) => NONCE.test(source))
  const agree = sources.every(
    (list) => allowsOrigin(list, publicOrigin) || list.some((source) => source === nonce),
  )
  return agree ? { allowed: true, nonce: nonce?.slice("'nonce-".length, -1) ?? null } : REFUSED
}

type Directives = ReadonlyMap<string, readonly string[]>

function directivesOf(policy: string): Directives {
  const directives = new Map<string, readonly string[]>()
  for (const part of policy.split(';')) {
    const [name = '', ...values] = part.trim().split(/\s+/)
    // The first of a name counts (CSP §2.2.1).
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values)
  }
  return directives
}

function isSandboxed(directives: Directives): boolean {
  return directives.get('sandbox')?.includes('allow-scripts') === false
}

/** `null`: this policy says nothing about scripts. */
function scriptSources(directives: Directives): readonly string[] | null {
  const names = ['script-src-elem', 'script-src', 'default-src']
  return names.map((name) => directives.get(name)).find((list) => list !== undefined) ?? null
}

/** Where `'strict-dynamic'` stands, addresses count for nothing. */
function allowsOrigin(sources: readonly string[], publicOrigin: string): boolean {
  const { protocol, host } = new URL(publicOrigin)
  const addresses = ["'self'", '*', protocol, host, publicOrigin]
  const lower = sources.map((source) => source.toLowerCase().replace(/\/$/, ''))
  return !lower.includes("'strict-dynamic'") && lower.some((source) => addresses.includes(source))
}
