import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import { beginSignIn, requireNavigation, returnToOf, type LoginDeps } from './login.ts'

/** `sign_in`: for users without the consent prompt, and for administrators who approve for everybody. */
const FEATURES = ['people', 'groups', 'files', 'sign_in'] as const

type Feature = (typeof FEATURES)[number]

/**
 * `GET /.entrada/consent?feature=`: asks for the permissions of one feature, then returns. Sign-in itself asks for
 * few permissions, because a tenant with strict consent rules would refuse a broad request from every user.
 */
export async function consent(c: Context<EdgeEnv>, deps: LoginDeps): Promise<Response> {
  requireNavigation(c)
  const { settings } = c.var
  const feature = FEATURES.find((name) => name === c.req.query('feature'))
  if (feature === undefined) {
    throw new EntradaFailure('invalid_request', {
      detail: `Name a feature: ${FEATURES.join(', ')}.`,
    })
  }
  const scopes = scopesOf(feature, settings)
  if (scopes === null) throw new EntradaFailure('feature_off')
  const returnTo = returnToOf(c)
  const sharePointScopes = readSharePointScopes(c, deps)
  if (c.req.query('admin') === '1') {
    const wanted = [...allScopes(settings), ...sharePointScopes]
    return beginSignIn(c, deps, { purpose: 'admin_consent', returnTo, scopes: wanted })
  }
  // There is no session yet, so the sign-in is repeated with the consent prompt.
  if (feature === 'sign_in') {
    return beginSignIn(c, deps, { purpose: 'sign_in', returnTo, prompt: 'consent' })
  }
  const session = await deps.sessions.find(c.req.header('cookie') ?? null, c.var.log)
  if (session === null) throw new EntradaFailure('session_required', { returnTo })
  return beginSignIn(c, deps, {
    purpose: 'consent',
    returnTo,
    scopes: [...scopes, ...sharePointScopes],
    loginHint: session.user.username,
  })
}

/**
 * Scopes for one SharePoint host. SharePoint is a resource of its own; a consent request may name both.
 * @throws EntradaFailure `picker_host_refused` for a host that is not SharePoint’s
 */
function readSharePointScopes(c: Context<EdgeEnv>, deps: LoginDeps): readonly string[] {
  const resource = c.req.query('resource')
  if (resource === undefined) return []
  const scopes = deps.sharePointScopes(resource)
  if (scopes === null) throw new EntradaFailure('picker_host_refused')
  return scopes
}

/** Graph scopes of a feature; `null` when the feature is off. */
function scopesOf(feature: Feature, { issuer, people, files }: Settings): readonly string[] | null {
  if (issuer.microsoft === null) return null
  if (feature === 'sign_in') return []
  if (feature === 'files') return files.enabled ? [files.graphScope] : null
  const isWanted = (scope: string) => feature === 'groups' || !scope.startsWith('Group')
  return people.enabled ? people.graphScopes.filter(isWanted) : null
}

/** All scopes that an administrator can approve for everybody. */
function allScopes(settings: Settings): readonly string[] {
  const features = FEATURES.flatMap((feature) => scopesOf(feature, settings) ?? [])
  return [...new Set([...settings.scopes.token, ...features])]
}
