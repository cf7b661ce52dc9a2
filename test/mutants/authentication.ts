import type { Mutation } from './mutation.ts'

const LOGIN = 'src/auth/login.ts'
const ATTEMPTS = 'src/auth/login-attempts.ts'
const CALLBACK = 'src/auth/callback.ts'
const REQUEST = 'src/entra/authorization.ts'
const TOKEN = 'src/entra/token-endpoint.ts'
const ID_TOKEN = 'src/entra/id-token.ts'
const DISCOVERY = 'src/entra/discovery.ts'
const ENTRA = 'src/entra/entra.ts'
const COOKIES = 'src/cookies.ts'
const SESSIONS = 'src/session/sessions.ts'

/** Reads a claim of the id token in a token response that nobody has verified. */
const unverifiedClaim = (name: string) =>
  `JSON.parse(atob(((await response.clone().json()).id_token ?? '.e30').split('.')[1].replaceAll('-', '+').replaceAll('_', '/')))['${name}']`

/** Mutations for the security requirements 1 to 24. */
export const AUTHENTICATION_MUTATIONS: readonly Mutation[] = [
  {
    requirement: 1,
    fault: 'asks for an id token beside the code',
    file: REQUEST,
    find: `response_type: 'code'`,
    replace: `response_type: 'code id_token'`,
  },
  {
    requirement: 1,
    fault: 'asks for the response in the fragment, where scripts read it',
    file: REQUEST,
    find: `response_mode: 'query'`,
    replace: `response_mode: 'fragment'`,
  },
  {
    requirement: 2,
    fault: 'names the method plain',
    file: REQUEST,
    find: `code_challenge_method: 'S256'`,
    replace: `code_challenge_method: 'plain'`,
  },
  {
    requirement: 2,
    fault: 'sends the verifier itself as the challenge',
    file: REQUEST,
    find: 'await oauth.calculatePKCECodeChallenge(request.codeVerifier)',
    replace: 'request.codeVerifier',
  },
  {
    requirement: 2,
    fault: 'uses one verifier for every sign-in',
    file: LOGIN,
    find: 'codeVerifier: randomText(32)',
    replace: `codeVerifier: 'V'.repeat(43)`,
  },
  {
    requirement: 2,
    fault: 'uses the state, which is public, as verifier',
    file: LOGIN,
    find: `  const asked = { ...attempt, ...request }`,
    replace: `  attempt.codeVerifier = attempt.state\n  const asked = { ...attempt, ...request }`,
  },
  {
    requirement: 2,
    fault: 'redeems the code without a verifier',
    file: TOKEN,
    find: '        redirectUri,\n        codeVerifier,',
    replace: '        redirectUri,\n        oauth.nopkce,',
  },
  {
    requirement: 3,
    fault: 'makes state of 64 bits',
    file: LOGIN,
    find: 'state: randomText(32)',
    replace: 'state: randomText(8)',
  },
  {
    requirement: 3,
    fault: 'uses one state for every sign-in',
    file: LOGIN,
    find: 'state: randomText(32)',
    replace: `state: 'S'.repeat(43)`,
  },
  {
    requirement: 3,
    fault: 'writes the return path into state',
    file: LOGIN,
    find: 'state: randomText(32)',
    replace: 'state: `${randomText(32)}.${btoa(returnTo)}`',
  },
  {
    requirement: 3,
    fault: 'writes the user name into state',
    file: LOGIN,
    find: 'state: randomText(32)',
    replace: `state: randomText(32) + btoa(request.loginHint ?? '')`,
  },
  {
    requirement: 3,
    fault: 'hides a digest of the return path in state',
    file: LOGIN,
    find: 'state: randomText(32)',
    replace:
      'state: randomText(24) + btoa(returnTo.padEnd(8)).replaceAll("/", "_").slice(0, 8) + "AAA"',
  },
  {
    requirement: 4,
    fault: 'uses one nonce for every sign-in',
    file: LOGIN,
    find: 'nonce: randomText(32)',
    replace: `nonce: 'N'.repeat(43)`,
  },
  {
    requirement: 4,
    fault: 'expects the nonce that the id token names',
    file: TOKEN,
    find: 'expectedNonce: nonce',
    replace: `expectedNonce: ${unverifiedClaim('nonce')} ?? nonce`,
  },
  {
    requirement: 4,
    fault: 'accepts an id token without a nonce',
    file: TOKEN,
    find: 'expectedNonce: nonce',
    replace: `expectedNonce: ${unverifiedClaim('nonce')} === undefined ? undefined : nonce`,
  },
  ...['host', 'x-forwarded-host'].map((header) => ({
    requirement: 5,
    fault: `takes the host of redirect_uri from ${header}`,
    file: LOGIN,
    find: 'await authorizationUrl(deps.entra, asked)',
    replace: `await authorizationUrl({ ...deps.entra, redirectUri: deps.entra.redirectUri.replace('chat.contoso.example', c.req.header('${header}') ?? 'chat.contoso.example') }, asked)`,
  })),
  {
    requirement: 5,
    fault: 'takes the host of redirect_uri from the address of the request',
    file: LOGIN,
    find: 'await authorizationUrl(deps.entra, asked)',
    replace:
      'await authorizationUrl({ ...deps.entra, redirectUri: new URL(c.var.settings.callbackPath, c.req.url).href }, asked)',
  },
  {
    requirement: 5,
    fault: 'takes the scheme of redirect_uri from X-Forwarded-Proto',
    file: LOGIN,
    find: 'await authorizationUrl(deps.entra, asked)',
    replace:
      "await authorizationUrl({ ...deps.entra, redirectUri: deps.entra.redirectUri.replace('https', c.req.header('x-forwarded-proto') ?? 'https') }, asked)",
  },
  {
    requirement: 5,
    fault: 'takes the host of redirect_uri from Forwarded',
    file: LOGIN,
    find: 'await authorizationUrl(deps.entra, asked)',
    replace:
      "await authorizationUrl({ ...deps.entra, redirectUri: deps.entra.redirectUri.replace('chat.contoso.example', /host=([^;]+)/.exec(c.req.header('forwarded') ?? '')?.[1] ?? 'chat.contoso.example') }, asked)",
  },
  {
    requirement: 6,
    fault: 'asks for a scope of people search at every sign-in',
    file: 'src/settings/sign-in.ts',
    find: `' User.Read'}`,
    replace: `' User.Read People.Read'}`,
  },
  {
    requirement: 6,
    fault: 'asks for a refresh token that it will not keep',
    file: 'src/settings/sign-in.ts',
    find: `  else authorize.delete('offline_access')\n`,
    replace: '',
  },
  {
    requirement: 6,
    fault: 'asks consent for the files scope although the picker is off',
    file: 'src/auth/consent.ts',
    find: 'return files.enabled ? [files.graphScope] : null',
    replace: 'return [files.graphScope]',
  },
  {
    requirement: 6,
    fault: 'asks consent for the people scopes although people search is off',
    file: 'src/auth/consent.ts',
    find: 'return people.enabled ? people.graphScopes.filter(isWanted) : null',
    replace: 'return people.graphScopes.filter(isWanted)',
  },
  ...['prompt', 'claims'].map((name) => ({
    requirement: 7,
    fault: `passes on ${name} of the caller`,
    file: LOGIN,
    find: `    domainHint: readHint(c.req.query('domain_hint')),`,
    replace: `    domainHint: readHint(c.req.query('domain_hint')), ${name}: c.req.query('${name}'),`,
  })),
  {
    requirement: 7,
    fault: 'passes on scopes of the caller',
    file: LOGIN,
    find: `    domainHint: readHint(c.req.query('domain_hint')),`,
    replace: `    domainHint: readHint(c.req.query('domain_hint')), scopes: c.req.query('scope')?.split(' '),`,
  },
  {
    requirement: 7,
    fault: 'accepts hints of any length',
    file: LOGIN,
    find: '{1,256}$/',
    replace: '+$/',
  },
  {
    requirement: 7,
    fault: 'accepts control characters in hints',
    file: LOGIN,
    find: String.raw`/^[\x21-\x7E]{1,256}$/`,
    replace: '/^[^]{1,256}$/',
  },
  {
    requirement: 7,
    fault: 'cuts a hint that is too long instead of dropping it',
    file: LOGIN,
    find: 'return HINT.test(value) ? value : undefined',
    replace: 'return HINT.test(value.slice(0, 256)) ? value.slice(0, 256) : undefined',
  },
  {
    requirement: 7,
    fault: 'passes on domain_hint unchecked',
    file: LOGIN,
    find: `readHint(c.req.query('domain_hint'))`,
    replace: `c.req.query('domain_hint')`,
  },
  {
    requirement: 7,
    fault: 'passes on the login_hint of a fresh sign-in unchecked',
    file: LOGIN,
    find: `readHint(c.req.query('login_hint')) ?? known`,
    replace: `c.req.query('login_hint') ?? known`,
  },
  {
    requirement: 8,
    fault: 'takes a response with any state for one of its own',
    file: CALLBACK,
    find: 'const attempt = await deps.attempts.find(state, cookieHeader)',
    replace: `const attempt = (await deps.attempts.find(state, cookieHeader)) ?? { state, nonce: '', codeVerifier: 'A'.repeat(43), returnTo: '/', purpose: 'sign_in', startedAt: 0 }`,
  },
  {
    requirement: 8,
    fault: 'takes any open attempt of the browser, whatever state says',
    file: ATTEMPTS,
    find: 'return attempt?.state === state ? attempt : null',
    replace: `if (attempt !== null) return attempt
    for (const [other, sealed] of readOwnCookies(cookieHeader)) {
      const found = await this.#open(other, sealed)
      if (found !== null) return found
    }
    return null`,
  },
  {
    requirement: 8,
    fault: 'keeps the attempt after its callback, so that a used state counts again',
    file: CALLBACK,
    find: '  addCookies(c, [await deps.attempts.end(state)])\n',
    replace: '',
  },
  {
    requirement: 9,
    fault: 'ignores the issuer of the response',
    file: REQUEST,
    find: 'oauth.validateAuthResponse(server, client, parameters, expectedState)',
    replace: `oauth.validateAuthResponse(server, client, new URLSearchParams([...parameters].map(([name, value]) => [name, name === 'iss' ? server.issuer : value])), expectedState)`,
  },
  {
    requirement: 9,
    fault: 'accepts a missing issuer where the metadata promise one',
    file: REQUEST,
    find: 'oauth.validateAuthResponse(server, client, parameters, expectedState)',
    replace:
      'oauth.validateAuthResponse({ ...server, authorization_response_iss_parameter_supported: false }, client, parameters, expectedState)',
  },
  {
    requirement: 10,
    fault: 'accepts metadata of any issuer',
    file: DISCOVERY,
    find: 'return isIssuer(issuer, named) ? new URL(named) : authority',
    replace: 'return URL.canParse(named) ? new URL(named) : authority',
  },
  {
    requirement: 10,
    fault: 'accepts metadata of External ID for another tenant',
    file: DISCOVERY,
    find: 'return isTenantKnown && isSameTenant && isExternalIdHost(host)',
    replace: 'return isTenantKnown && isExternalIdHost(host)',
  },
  {
    requirement: 10,
    fault: 'accepts metadata of B2C for another tenant',
    file: DISCOVERY,
    find: `policy !== '' && isSameTenant && namedPolicy`,
    replace: `policy !== '' && namedPolicy`,
  },
  {
    requirement: 10,
    fault: 'accepts tokens of every tenant',
    file: ID_TOKEN,
    find: 'allowedTenants.length > 0 && !allowedTenants.includes(tenantId.toLowerCase())',
    replace: 'false',
  },
  {
    requirement: 10,
    fault: 'accepts a tenant that contradicts the issuer of the token',
    file: ID_TOKEN,
    find: ' || !iss.includes(`/${tenantId}/`)',
    replace: '',
  },
  {
    requirement: 10,
    fault: 'accepts a signing key that Entra publishes for another tenant',
    file: DISCOVERY,
    find: `signsFor === undefined || signsFor === issuer || signsFor.includes('{tenantid}')`,
    replace: 'true',
  },
  {
    requirement: 10,
    fault: 'accepts a refreshed id token of another tenant',
    file: ID_TOKEN,
    find: `(claims['tid'] ?? tenantId) === tenantId && `,
    replace: '',
  },
  {
    requirement: 11,
    fault: 'accepts whatever issuer the id token names',
    file: TOKEN,
    find: `if (issuer.kind !== 'template' || response.status !== 200) return server`,
    replace: `if (response.status === 200 && issuer.kind === 'exact') return { ...server, issuer: ${unverifiedClaim('iss')} ?? server.issuer }
  if (issuer.kind !== 'template' || response.status !== 200) return server`,
  },
  {
    requirement: 11,
    fault: 'accepts another audience beside this client',
    file: ID_TOKEN,
    find: 'audiences.length === 1 && audiences[0] === clientId',
    replace: 'audiences.includes(clientId)',
  },
  {
    requirement: 11,
    fault: 'accepts another authorized party',
    file: ID_TOKEN,
    find: ' || (azp !== undefined && azp !== clientId)',
    replace: '',
  },
  {
    requirement: 11,
    fault: 'accepts an id token an hour after it expired',
    file: ENTRA,
    find: 'CLOCK_TOLERANCE_SECONDS = 60',
    replace: 'CLOCK_TOLERANCE_SECONDS = 3600',
  },
  {
    requirement: 11,
    fault: 'signs somebody in without an id token',
    file: TOKEN,
    find: 'const body = await oauth.processAuthorizationCodeResponse(server, client, response, {\n        expectedNonce: nonce,\n        requireIdToken: true,\n      })\n      const claims = await verifiedClaims(entra, server, body)',
    replace: `const hasIdToken = (await response.clone().json()).id_token !== undefined
      const body = await oauth.processAuthorizationCodeResponse(server, client, response, hasIdToken ? { expectedNonce: nonce, requireIdToken: true } : {})
      const claims = hasIdToken ? await verifiedClaims(entra, server, body) : { iss: server.issuer, sub: 'person-1' }`,
  },
  ...['sub', 'iat', 'exp'].map((name) => ({
    requirement: 11,
    fault: `accepts an id token without ${name}`,
    file: TOKEN,
    find: 'const body = await oauth.processAuthorizationCodeResponse(server, client, response, {\n        expectedNonce: nonce,\n        requireIdToken: true,\n      })\n      const claims = await verifiedClaims(entra, server, body)',
    replace: `const original = await response.clone().json()
      const parts = (original.id_token ?? '.e30.').split('.')
      const seen = JSON.parse(atob(parts[1].replaceAll('-', '+').replaceAll('_', '/')))
      seen['${name}'] ??= ${name === 'sub' ? "'person-1'" : `Math.floor(Date.now() / 1000)${name === 'exp' ? ' + 600' : ''}`}
      parts[1] = btoa(JSON.stringify(seen)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
      const body = await oauth.processAuthorizationCodeResponse(server, client, Response.json({ ...original, id_token: parts.join('.') }), { expectedNonce: nonce, requireIdToken: true })
      body.id_token = original.id_token
      const claims = await verifiedClaims(entra, server, body)`,
  })),
  {
    requirement: 12,
    fault: 'accepts an id token that is not signed',
    file: ID_TOKEN,
    find: '  await compactVerify(token, keys.keysFor(server)).catch(',
    replace: `  const isUnsigned = token.endsWith('.')
  if (!isUnsigned) await compactVerify(token, keys.keysFor(server)).catch(`,
  },
  {
    requirement: 12,
    fault: 'accepts a signature with the client secret',
    file: ID_TOKEN,
    find: '  { keys, client }: Entra,\n  server: oauth.AuthorizationServer,\n  body: oauth.TokenEndpointResponse,\n): Promise<oauth.IDToken> {\n  const claims = oauth.getValidatedIdTokenClaims(body)\n  const token = body.id_token\n',
    replace: `  { keys, client, settings }: Entra,
  server: oauth.AuthorizationServer,
  body: oauth.TokenEndpointResponse,
): Promise<oauth.IDToken> {
  const claims = oauth.getValidatedIdTokenClaims(body)
  const token = body.id_token
  if (claims !== undefined && token !== undefined && JSON.parse(atob(token.split('.')[0])).alg === 'HS256') {
    await compactVerify(token, new TextEncoder().encode(settings.client.secrets[0]))
    return claims
  }
`,
  },
  {
    requirement: 12,
    fault: 'accepts algorithms that the issuer does not list',
    file: DISCOVERY,
    find: 'Response.json(metadata),',
    replace: `Response.json({ ...metadata, id_token_signing_alg_values_supported: ['RS256', 'ES256'] }),`,
  },
  {
    requirement: 13,
    fault: 'does not verify the signature',
    file: ID_TOKEN,
    find: '  await compactVerify(token, keys.keysFor(server)).catch(',
    replace:
      '  await compactVerify(token, keys.keysFor(server)).catch((cause) => { if (cause instanceof JWKSNoMatchingKey) throw cause }).catch(',
  },
  {
    requirement: 13,
    fault: 'accepts a token whose key nobody lists',
    file: ID_TOKEN,
    find: 'throw cause instanceof JWKSNoMatchingKey ? unlistedKeyFailure(server, token, cause) : cause',
    replace: 'if (!(cause instanceof JWKSNoMatchingKey)) throw cause',
  },
  {
    requirement: 13,
    fault: 'does not look for a key that the issuer began to use since',
    file: DISCOVERY,
    find: 'if (!(cause instanceof JWKSNoMatchingKey)) throw cause',
    replace: 'throw cause',
  },
  {
    requirement: 13,
    fault: 'verifies with the key that the token brings',
    file: ID_TOKEN,
    find: '  await compactVerify(token, keys.keysFor(server)).catch(',
    replace: `  const { jwk } = JSON.parse(atob(token.split('.')[0].replaceAll('-', '+').replaceAll('_', '/')))
  await compactVerify(token, jwk === undefined ? keys.keysFor(server) : await crypto.subtle.importKey('jwk', jwk, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['verify'])).catch(`,
  },
  {
    requirement: 14,
    fault: 'caches the keys for a month',
    file: 'src/entra/remote-document.ts',
    find: 'FRESH_MS = 3_600_000',
    replace: 'FRESH_MS = 2_592_000_000',
  },
  {
    requirement: 14,
    fault: 'takes keys from the shared cache for new, whatever their age',
    file: 'src/entra/remote-document.ts',
    find: 'return readAt > 0 && readAt <= Date.now() ? { text, readAt } : null',
    replace: 'return readAt > 0 ? { text, readAt: Date.now() } : null',
  },
  {
    requirement: 14,
    fault: 'requests the keys again for every unknown key id',
    file: 'src/entra/remote-document.ts',
    find: 'RETRY_PAUSE_MS = 60_000',
    replace: 'RETRY_PAUSE_MS = 0',
  },
  {
    requirement: 15,
    fault: 'sends the secret as it is in the Authorization header',
    file: ENTRA,
    find: ': oauth.ClientSecretBasic(secret)',
    replace: `: (_server, { client_id: id }, _form, sent) => sent.set('authorization', 'Basic ' + btoa(unescape(encodeURIComponent(id + ':' + secret))))`,
  },
  {
    requirement: 15,
    fault: 'encodes the secret in the form twice',
    file: ENTRA,
    find: 'oauth.ClientSecretPost(secret)',
    replace: 'oauth.ClientSecretPost(encodeURIComponent(secret))',
  },
  {
    requirement: 15,
    fault: 'sends the secret in the header for refresh tokens only',
    file: ENTRA,
    find: `?.includes('client_secret_post')`,
    replace: `?.includes('client_secret_post') && form.get('grant_type') !== 'refresh_token'`,
  },
  {
    requirement: 15,
    fault: 'signs the assertion for the issuer instead of the token endpoint',
    file: ENTRA,
    find: `payload['aud'] = server.token_endpoint`,
    replace: `payload['aud'] = server.issuer`,
  },
  {
    requirement: 15,
    fault: 'leaves the thumbprint of the certificate out',
    file: ENTRA,
    find: `        header['x5t#S256'] = base64url.encode(new Uint8Array(thumbprint))\n`,
    replace: '',
  },
  {
    requirement: 16,
    fault: 'shows an error response without a sign-in attempt',
    file: CALLBACK,
    find: '  if (attempt === null) return handleUnknownAttempt',
    replace: `  const unasked = parameters.get('error')
  if (attempt === null && unasked !== null) throw authorizationFailure(unasked, parameters.get('error_description') ?? '')
  if (attempt === null) return handleUnknownAttempt`,
  },
  {
    requirement: 16,
    fault: 'shows error_description as it came',
    file: 'src/auth/sign-in-errors.ts',
    find: 'return redemptionFailure({ kind, error, aadsts, correlationId })',
    replace: `const failure = redemptionFailure({ kind, error, aadsts, correlationId })
  return new EntradaFailure(failure.code, { ...failure.details, detail: description })`,
  },
  {
    requirement: 16,
    fault: 'shows error as it came',
    file: 'src/auth/sign-in-errors.ts',
    find: 'return redemptionFailure({ kind, error, aadsts, correlationId })',
    replace: `const failure = redemptionFailure({ kind, error, aadsts, correlationId })
  return new EntradaFailure(failure.code, { ...failure.details, detail: 'Microsoft answered ' + error })`,
  },
  {
    requirement: 16,
    fault: 'redeems the code that came with an error',
    file: REQUEST,
    find: '  const server = await metadata.read()\n  try {',
    replace: `  const server = await metadata.read()
  if (parameters.has('code')) parameters.delete('error')
  try {`,
  },
  {
    requirement: 17,
    fault: 'keeps the attempt after its callback',
    file: CALLBACK,
    find: '  addCookies(c, [await deps.attempts.end(state)])\n',
    replace: '',
  },
  {
    requirement: 17,
    fault: 'lets HEAD redeem the code',
    file: CALLBACK,
    find: `if (c.req.method !== 'GET') {`,
    replace: `if (c.req.method === 'POST') {`,
  },
  {
    requirement: 18,
    fault: 'accepts an attempt a day after it began',
    file: ATTEMPTS,
    find: 'Date.now() / 1000 - attempt.startedAt > LIFE_SECONDS',
    replace: 'Date.now() / 1000 - attempt.startedAt > 86_400',
  },
  {
    requirement: 18,
    fault: 'lets the cookie of an attempt live for a day',
    file: ATTEMPTS,
    find: 'ownCookie(name, value, LIFE_SECONDS)',
    replace: 'ownCookie(name, value, 86_400)',
  },
  {
    requirement: 18,
    fault: 'uses one cookie for all attempts',
    file: ATTEMPTS,
    find: 'return `${ATTEMPT_PREFIX}${(await sha256Of(state)).slice(0, 12)}`',
    replace: 'return `${ATTEMPT_PREFIX}only`',
  },
  {
    requirement: 18,
    fault: 'names the cookie of an attempt by its state',
    file: ATTEMPTS,
    find: '(await sha256Of(state)).slice(0, 12)',
    replace: 'state',
  },
  {
    requirement: 18,
    fault: 'removes the other attempts when one begins',
    file: ATTEMPTS,
    find: 'return cookie.startedAt === 0 ||',
    replace: 'return true ||',
  },
  {
    requirement: 18,
    fault: 'lets scripts read our cookies',
    file: COOKIES,
    find: '; Path=/; HttpOnly; Secure; SameSite=Lax',
    replace: '; Path=/; Secure; SameSite=Lax',
  },
  {
    requirement: 18,
    fault: 'sets our cookies SameSite=Strict, so that none comes back from Entra',
    file: COOKIES,
    find: '; Path=/; HttpOnly; Secure; SameSite=Lax',
    replace: '; Path=/; HttpOnly; Secure; SameSite=Strict',
  },
  {
    requirement: 19,
    fault: 'begins a sign-in for every request',
    file: LOGIN,
    find: '  requireNavigation(c)\n',
    replace: '',
  },
  {
    requirement: 19,
    fault: 'begins a sign-in for every request to the consent page',
    file: 'src/auth/consent.ts',
    find: '  requireNavigation(c)\n',
    replace: '',
  },
  {
    requirement: 19,
    fault: 'begins a sign-in for a prefetch',
    file: 'src/http/request-metadata.ts',
    find: `  if (isSpeculative(headers)) return 'background'\n`,
    replace: '',
  },
  {
    requirement: 19,
    fault: 'begins a sign-in in a frame',
    file: 'src/http/request-metadata.ts',
    find: `(destination ?? 'document') !== 'document'`,
    replace: `!['document', 'iframe'].includes(destination ?? 'document')`,
  },
  {
    requirement: 19,
    fault: 'begins a sign-in for a program that accepts JSON',
    file: 'src/http/request-metadata.ts',
    find: ` || !acceptsHtml(headers)) return 'background'`,
    replace: `) return 'background'`,
  },
  {
    requirement: 20,
    fault: 'keeps every attempt that was begun',
    file: ATTEMPTS,
    find: 'attempts > MAX_ATTEMPTS',
    replace: 'false',
  },
  {
    requirement: 20,
    fault: 'keeps attempts of any size',
    file: ATTEMPTS,
    find: 'bytes > MAX_BYTES',
    replace: 'false',
  },
  {
    requirement: 20,
    fault: 'removes the newest attempt, not the oldest',
    file: ATTEMPTS,
    find: 'b.startedAt - a.startedAt',
    replace: 'a.startedAt - b.startedAt',
  },
  {
    requirement: 21,
    fault: 'shows a failure to a user with a session',
    file: CALLBACK,
    find: `  if ((await sessions.find(cookieHeader, c.var.log)) !== null) return c.redirect('/', 302)\n`,
    replace: '',
  },
  {
    requirement: 21,
    fault: 'redirects to the page that the address of the callback names',
    file: CALLBACK,
    find: `!== null) return c.redirect('/', 302)`,
    replace: `!== null) return c.redirect(c.req.query('return_to') ?? '/', 302)`,
  },
  {
    requirement: 22,
    fault: 'redeems a code that another browser asked for',
    file: CALLBACK,
    find: 'const attempt = await deps.attempts.find(state, cookieHeader)',
    replace: `const attempt = (await deps.attempts.find(state, cookieHeader)) ?? { state, nonce: '', codeVerifier: 'A'.repeat(43), returnTo: '/', purpose: 'sign_in', startedAt: 0 }`,
  },
  {
    requirement: 22,
    fault: 'offers no new sign-in',
    file: 'src/http/problem.ts',
    find: `const offersSignIn =`,
    replace: `const offersSignIn = code !== 'sign_in_expired' &&`,
  },
  {
    requirement: 23,
    fault: 'redirects without end',
    file: LOGIN,
    find: `  if (purpose === 'sign_in') assertNoRedirectLoop(cookieHeader)\n`,
    replace: '',
  },
  {
    requirement: 23,
    fault: 'does not record sign-ins',
    file: CALLBACK,
    find: '    recordSignIn(cookieHeader),\n',
    replace: '',
  },
  {
    requirement: 23,
    fault: 'forgets the sign-ins before the last',
    file: 'src/auth/redirect-loop.ts',
    find: '[...recentTimes(cookieHeader), epochSeconds()]',
    replace: '[epochSeconds()]',
  },
  {
    requirement: 24,
    fault: 'fails at a sealed value that does not open',
    file: 'src/crypto/web-crypto.ts',
    find: '    } catch {\n      // GCM',
    replace: '    } catch (cause) {\n      throw cause\n      // GCM',
  },
  {
    requirement: 24,
    fault: 'reads several spellings of one sealed value',
    file: 'src/crypto/web-crypto.ts',
    find: `  if (base64url.encode(bytes) !== text) throw new TypeError('not canonical base64url')\n`,
    replace: '',
  },
  {
    requirement: 24,
    fault: 'calls the object of a cookie without comparing its mark',
    file: 'src/session/session-cookie.ts',
    find: 'await this.#box.isMarked(textOf(key), key.mark, PURPOSE)',
    replace: 'true',
  },
  {
    requirement: 24,
    fault: 'tries only the first of two session cookies',
    file: SESSIONS,
    find: 'slice(0, MAX_COOKIES_TRIED)',
    replace: 'slice(0, 1)',
  },
  {
    requirement: 24,
    fault: 'tries only the last of two session cookies',
    file: SESSIONS,
    find: 'slice(0, MAX_COOKIES_TRIED)',
    replace: 'slice(-1)',
  },
  {
    requirement: 24,
    fault: 'takes what stands after a comma for a cookie',
    file: COOKIES,
    find: `(header ?? '').split(';')`,
    replace: `(header ?? '').split(/[;,]/)`,
  },
]
