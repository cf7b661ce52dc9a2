import { createHmac } from 'node:crypto'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { ScriptedIssuer, type Script } from '../../support/scripted-issuer.ts'
import { assembled, type Claims } from '../../support/scripted-tokens.ts'

export const ISSUER = 'https://op.example'
export const CLIENT = {
  clientId: '3d9f0c51-8a4e-4f7b-a2c6-5b1e7d9a0f42',
  clientSecret: 'a-secret-of-the-script-0123456789',
}

/** Entrada with an issuer that deviates from the standard as scripted. */
export function aScriptedEntrada(script: Script = {}): {
  entrada: Entrada
  issuer: ScriptedIssuer
} {
  const issuer = new ScriptedIssuer({ issuer: ISSUER, ...CLIENT })
  issuer.script = script
  const entrada = anEntrada({
    settings: {
      OPENID_ISSUER: ISSUER,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      ENABLE_SHAREPOINT_FILEPICKER: null,
    },
    hosts: { [issuer.origin]: issuer.handle },
  })
  return { entrada, issuer }
}

/** Changes these members. */
export const withClaims =
  (changes: Claims) =>
  (claims: Claims): Claims => ({ ...claims, ...changes })

/** Signs with the client secret, as an attacker who knows it can; some libraries accept that. */
export const signedWithClientSecret = (header: Claims, claims: Claims) => {
  const unsigned = assembled(header, claims, '').slice(0, -1)
  const signature = createHmac('sha256', CLIENT.clientSecret).update(unsigned).digest('base64url')
  return `${unsigned}.${signature}`
}
/** Changes parameters in place. */
export function withParameters(change: (parameters: URLSearchParams) => void) {
  return (parameters: URLSearchParams) => {
    change(parameters)
    return parameters
  }
}
