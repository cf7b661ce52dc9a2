import { join } from 'node:path'
import { inTemporaryFolder, installFromNpm, report } from '../in-temporary-folder.ts'

const PACKAGES = [
  '@badgateway/oauth2-client@3.3.1',
  'arctic@3.7.0',
  'client-oauth2@4.3.3',
  'openid-client@6.8.9',
  'simple-oauth2@5.1.0',
]

const SEEN = `
@badgateway/oauth2-client client%3Aone:a%2Bb%3Ac%25d%2Fe+f
arctic                    client:one:a+b:c%d/e f
client-oauth2             client:one:a+b:c%d/e f
openid-client             client%3Aone:a%2Bb%3Ac%25d%2Fe+f
simple-oauth2             client%3Aone:a%2Bb%3Ac%25d%2Fe+f
`

const seen = inTemporaryFolder((workplace) => {
  installFromNpm(workplace, PACKAGES)
  workplace.add(join(import.meta.dirname, 'program.js'))
  return workplace.run('node', 'program.js')
})
report(
  `Client id and secret in HTTP Basic, decoded from base64 (${PACKAGES.join(', ')})`,
  seen,
  SEEN,
)
