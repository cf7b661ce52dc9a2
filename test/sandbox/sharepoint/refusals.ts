import type { AccessGrant } from '../access-tokens.ts'

/**
 * The response to a blocked or expired `tempauth`: 401 and an HTML page, although an API was
 * called.
 */
export function unauthorizedPage(): Response {
  return new Response(
    '<!DOCTYPE html><html><title>Sign in</title><body><h1>401 UNAUTHORIZED</h1></body></html>',
    {
      status: 401,
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-ms-diagnostics': '3000006' },
    },
  )
}

/**
 * The response to a token of another resource, a common mistake of file pickers:
 * OneDrive/samples#11.
 */
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

/** Continuous access evaluation: the token is valid but older than a critical event. */
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
