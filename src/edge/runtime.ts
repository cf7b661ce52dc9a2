import { createEntra, type Entra } from '../entra/entra.ts'
import { Graph } from '../graph/graph.ts'
import { Membership } from '../membership/membership.ts'
import { needsAddress } from '../proxy/identity-headers.ts'
import { describeProblems } from '../settings/variables.ts'
import { readSettings, type Settings, type SettingsResult } from '../settings/settings.ts'
import { DocumentCache } from '../entra/remote-document.ts'
import { SealedBox } from '../crypto/web-crypto.ts'
import { RefreshTokenVault } from '../storage/refresh-token-vault.ts'

/** What the Worker and its Durable Objects share. */
export interface Runtime {
  readonly settings: Settings
  readonly box: SealedBox
  readonly vault: RefreshTokenVault
  readonly entra: Entra
  /** `null` for an issuer that is not Entra. */
  readonly graph: Graph | null
  readonly membership: Membership
}

/**
 * Memoises `make` per set of bindings, not per module. A running isolate may get new bindings when only a secret
 * changed, and must not continue with the old one.
 */
export function oncePerBindings<T>(make: (env: Bindings) => T): (env: Bindings) => T {
  const made = new WeakMap<Bindings, T>()
  return (env) => {
    const known = made.get(env)
    if (known !== undefined) return known
    const one = make(env)
    made.set(env, one)
    return one
  }
}

/** Settings of a set of bindings, or all problems at once. */
export const settingsOf = oncePerBindings((env) =>
  withBindingProblems(readSettings(variablesOf(env)), env),
)

const REQUIRED_BINDINGS = ['VAULT', 'SESSIONS', 'USERS', 'REPLAYS', 'LOOKUPS', 'KEYS'] as const

/** Adds missing bindings to the problems. Otherwise they would fail at the first sign-in. */
function withBindingProblems(result: SettingsResult, env: object): SettingsResult {
  const missing = REQUIRED_BINDINGS.filter((name) => !(name in env)).map((name) => ({
    setting: name,
    problem: 'is not bound',
    fix: 'Keep the binding of that name in wrangler.toml and deploy again',
  }))
  if (missing.length === 0) return result
  const { isLoopback, warnings } = result.ok ? result.settings : result
  const problems = [...(result.ok ? [] : result.problems), ...missing]
  return { ok: false, problems, warnings, isLoopback }
}

/**
 * Builds what Worker and objects share.
 * @throws Error with invalid settings. The Worker checks `settingsOf` first.
 */
export const runtimeOf = oncePerBindings((env): Runtime => {
  const result = settingsOf(env)
  if (!result.ok) throw new Error(describeProblems(result.problems))
  const { settings } = result
  const { microsoft } = settings.issuer
  const box = new SealedBox(settings.keyRing)
  const graph = microsoft === null ? null : new Graph(microsoft.graph)
  const access = { ...settings.access, needsAddress: needsAddress(settings.chat) }
  return {
    settings,
    box,
    vault: new RefreshTokenVault(env.VAULT, box),
    entra: createEntra(settings, new DocumentCache(openCache, settings.publicOrigin)),
    graph,
    membership: new Membership({ ...settings, access }, graph),
  }
})

/** Cache of Entrada's own. No request of a client reads or fills it. */
function openCache(): Promise<Cache> {
  return caches.open('entrada')
}

/**
 * Picks variables of every type out of the bindings. `[vars]` may contain TOML lists, tables and booleans: if they
 * were dropped, `ALLOW_GUESTS = false` would admit guests. Bindings are instances of the platform's classes.
 */
function variablesOf(env: Bindings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => !isBinding(value)))
}

function isBinding(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.getPrototypeOf(value) !== Object.prototype
}
