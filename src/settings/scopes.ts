import type { Variables } from './variables.ts'

/** RFC 6749 §3.3: scope-token is printable ASCII without quote and backslash. */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export interface SignInScopes {
  /** What the authorization request asks for, carried-over scopes of other resources included. */
  readonly authorize: readonly string[]
  /** What the token request may name: OpenID's own and Graph's, because Entra takes one resource (AADSTS28000). */
  readonly token: readonly string[]
}

export function readSignInScopes(
  variables: Variables,
  { graph, reuseTokens }: { readonly graph: string | null; readonly reuseTokens: boolean },
): SignInScopes {
  const fallback = `openid profile email offline_access${graph === null ? '' : ' User.Read'}`
  const asked = (variables.text('OPENID_SCOPE') ?? fallback).split(/[\s,]+/)
  if (!asked.every((scope) => SCOPE_TOKEN.test(scope))) {
    variables.problem('OPENID_SCOPE', 'holds what is not a scope', 'Separate scopes with spaces')
  }
  const authorize = new Set(['openid', ...asked])
  if (reuseTokens) authorize.add('offline_access')
  else authorize.delete('offline_access')
  // An issuer that is not Entra has scopes of its own making; none of them names a resource to us.
  const isForeign = (scope: string) =>
    graph !== null && scope.includes('://') && !scope.startsWith(`${graph}/`)
  for (const scope of [...authorize].filter(isForeign)) {
    variables.warnings.push(
      `OPENID_SCOPE: ${scope} is unnecessary, as Entrada needs no exposed API`,
    )
  }
  return {
    authorize: [...authorize],
    token: [...authorize].filter((scope) => !isForeign(scope)),
  }
}
