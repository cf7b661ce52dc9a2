import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { nearestName } from '../../../src/settings/unknown-names.ts'
import { settingNames } from '../../support/setting-names.ts'
import { CONTOSO } from '../directory/cast.ts'
import { SHAREPOINT_HOSTS, type SandboxHosts } from '../hosts.ts'
import type { Registration } from '../registration.ts'

export type StartSettings = Readonly<Record<string, string>>

/** With these prefixes even an unknown name is handed on, so that Entrada can name the typo; so are names close to ours. */
const OUR_PREFIXES = /^(?:OPENID|SHAREPOINT|ENTRA)_/

/** What the person who starts it has set: `.dev.vars`, and over it the environment. Empty counts as set. */
export function readOverrides(folder: string, environment: NodeJS.ProcessEnv): StartSettings {
  const known = settingNames()
  const ours = Object.entries(environment).filter(
    ([name]) => known.has(name) || OUR_PREFIXES.test(name) || nearestName(name, known) !== null,
  )
  return definedOnly({ ...readDevVars(folder), ...Object.fromEntries(ours) })
}

/** The port of a loopback `DOMAIN_SERVER`, when one is set: people and redirects come there. */
export function wantedPort(overrides: StartSettings): number | null {
  const address = overrides['DOMAIN_SERVER'] ?? ''
  return isLoopback(address) ? Number(URL.parse(address)?.port) || null : null
}

export interface StartSurroundings {
  readonly hosts: SandboxHosts
  readonly registration: Registration
  /** Where Entrada will answer. */
  readonly publicOrigin: string
}

/** The sandbox's own settings, and what was set over them. */
export function startSettings(
  { hosts, registration, publicOrigin }: StartSurroundings,
  overrides: StartSettings,
): StartSettings {
  const everyone = {
    DOMAIN_SERVER: publicOrigin,
    ORIGIN_URL: hosts.chat,
    // Made for this start: the tenant it belongs to is gone with the process too.
    OPENID_SESSION_SECRET: randomBytes(36).toString('base64'),
    // Both need tokens that are kept.
    ...(overrides['OPENID_REUSE_TOKENS'] === 'false'
      ? {}
      : { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'true', ENABLE_SHAREPOINT_FILEPICKER: 'true' }),
  }
  // A tenant of one's own comes whole, or its people would be looked up in the sandbox.
  if (overrides['OPENID_ISSUER'] !== undefined && overrides['OPENID_ISSUER'] !== '') {
    return { ...everyone, ...overrides }
  }
  return {
    ...everyone,
    OPENID_ISSUER: `${hosts.login}/${CONTOSO}/v2.0`,
    OPENID_CLIENT_ID: registration.clientId,
    OPENID_CLIENT_SECRET: registration.clientSecrets.join(','),
    // Refused beside a public address, and then of no interest next to the address itself.
    ...(isLoopback(overrides['DOMAIN_SERVER'] ?? publicOrigin)
      ? standIns(hosts)
      : { ORIGIN_URL: '' }),
    ...overrides,
  }
}

function standIns(hosts: SandboxHosts): StartSettings {
  const fileHosts = [...SHAREPOINT_HOSTS.map((host) => hosts[host]), hosts.download]
  return {
    MICROSOFT_GRAPH_URL: hosts.graph,
    SHAREPOINT_HOSTS: fileHosts.join(','),
    // A OneDrive's host tells that of the sites by its name; a loopback port tells nothing.
    SHAREPOINT_BASE_URL: hosts.sharePoint,
  }
}

export function isLoopback(address: string): boolean {
  return /^(?:localhost|127\.0\.0\.1)$/.test(URL.parse(address)?.hostname ?? '')
}

function readDevVars(folder: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(`${folder}/.dev.vars`, 'utf8'))
  } catch (error) {
    // Nobody needs the file; one that is there and cannot be read is another matter.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}

function definedOnly(values: NodeJS.Dict<string>): StartSettings {
  const defined: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) defined[name] = value
  }
  return defined
}
