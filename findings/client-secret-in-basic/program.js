import { createServer } from 'node:http'
import * as badgateway from '@badgateway/oauth2-client'
import * as arctic from 'arctic'
import ClientOAuth2 from 'client-oauth2'
import * as openid from 'openid-client'
import oauth2 from 'simple-oauth2'

const ID = 'client:one'
const SECRET = 'a+b:c%d/e f'

let authorization = ''
const server = createServer((request, response) => {
  authorization = request.headers.authorization ?? ''
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end('{"access_token":"token","token_type":"Bearer","expires_in":60}')
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const base = `http://127.0.0.1:${server.address().port}`
const endpoint = `${base}/token`

const LIBRARIES = {
  '@badgateway/oauth2-client': () =>
    new badgateway.OAuth2Client({
      tokenEndpoint: endpoint,
      clientId: ID,
      clientSecret: SECRET,
      authenticationMethod: 'client_secret_basic',
    }).clientCredentials(),
  arctic: () =>
    new arctic.OAuth2Client(ID, SECRET, base).validateAuthorizationCode(endpoint, 'code', null),
  'client-oauth2': () =>
    new ClientOAuth2({
      clientId: ID,
      clientSecret: SECRET,
      accessTokenUri: endpoint,
    }).credentials.getToken(),
  'openid-client': () => {
    const metadata = { issuer: base, token_endpoint: endpoint }
    const authentication = openid.ClientSecretBasic(SECRET)
    const configuration = new openid.Configuration(metadata, ID, SECRET, authentication)
    openid.allowInsecureRequests(configuration)
    return openid.clientCredentialsGrant(configuration)
  },
  'simple-oauth2': () =>
    new oauth2.ClientCredentials({
      client: { id: ID, secret: SECRET },
      auth: { tokenHost: base, tokenPath: '/token' },
    }).getToken({}),
}

for (const [name, askForToken] of Object.entries(LIBRARIES)) {
  await askForToken()
  const credentials = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
  console.log(`${name.padEnd(25)} ${credentials}`)
}
server.close()
