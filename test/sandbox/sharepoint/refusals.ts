import type { AccessGrant } from '../access-tokens.ts'

/** The shape of a blocked or expired `tempauth`: 401 and a page, although an API was asked. */
export function unauthorizedPage(): Response {
  return new Response(
    '<!DOCTYPE html><html><title>Sign in</title><body><h1>401 UNAUTHORIZED</h1></body></html>',
    {
      status: 401,
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-ms-diagnostics': '3000006' },
    },
  )
}

/** What one resource's token gets at another: the classic of file pickers, OneDrive/samples#11. */
export function wrongAudience(grant: AccessGrant): Response {
  return refusal(
    "Exception of type 'Microsoft.IdentityModel.Tokens.AudienceUriValidationFailedException' was thrown.",
    `3000003;reason="Invalid audience Uri '${grant.audience}'.";category="invalid_client"`,
  )
}

export function expiredToken(): Response {
  return refusal(
    'Invalid JWT token. The token is expired.',
    '3000002;reason="The token has expired.";category="invalid_client"',
  )
}

export function unknownToken(): Response {
  return refusal(
    'Invalid issuer or signature.',
    '3000003;reason="Invalid issuer or signature.";category="invalid_client"',
  )
}

function refusal(description: string, diagnostics: string): Response {
  return Response.json(
    { error_description: description },
    {
      status: 401,
      headers: { 'x-ms-diagnostics': diagnostics, 'www-authenticate': 'Bearer realm=""' },
    },
  )
}

/** Continuous access evaluation: the token is fine but older than something that happened since. */
export function claimsChallenge(): Response {
  const nbf = { essential: true, value: String(Math.floor(Date.now() / 1000)) }
  const claims = Buffer.from(JSON.stringify({ access_token: { nbf } })).toString('base64')
  const response = refusal('Continuous access evaluation resulted in challenge.', '3000003')
  response.headers.set(
    'www-authenticate',
    `Bearer realm="", error="insufficient_claims", claims="${claims}"`,
  )
  return response
}

export function apiError(status: 403 | 404 | 405, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status })
}
