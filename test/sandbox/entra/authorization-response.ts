import { html } from 'hono/html'
import { type AadstsError, describeError, incidentOf } from './aadsts.ts'
import type { ReplyAddress } from './authorization-request.ts'
import { NO_STORE } from './error-response.ts'
import { hiddenInputs, renderPage } from './page.ts'

/** Redirects to the application. Entra sends no `iss` (RFC 9207) in authorization responses. */
export async function reply(
  address: ReplyAddress,
  members: Readonly<Record<string, string>>,
): Promise<Response> {
  const answer = new URLSearchParams(members)
  if (address.state !== null) answer.set('state', address.state)
  if (address.mode === 'form_post') return formPost(address.redirectUri, answer)
  const location = new URL(address.redirectUri)
  if (address.mode === 'fragment') location.hash = answer.toString()
  else for (const [name, value] of answer) location.searchParams.append(name, value)
  return new Response(null, { status: 302, headers: { ...NO_STORE, location: location.href } })
}

export function replyWithError(
  address: ReplyAddress,
  error: AadstsError,
  request: Request,
): Promise<Response> {
  const { meaning } = error
  return reply(address, {
    error: meaning.onAuthorize ?? meaning.error,
    // The person declined; this is not a protocol failure.
    ...(error.code === 65004 ? { error_subcode: 'cancel' } : {}),
    error_description: describeError(error, incidentOf(request)),
    error_uri: `${new URL(request.url).origin}/error?code=${error.code}`,
    ...(error.claims === null ? {} : { claims: error.claims }),
  })
}

function formPost(redirectUri: string, answer: URLSearchParams): Promise<Response> {
  return renderPage({
    title: 'Working',
    content: html`<h1>Returning to the application</h1>
      <form method="post" action="${redirectUri}">
        ${hiddenInputs(answer)}
        <button>Continue</button>
      </form>`,
    script: 'document.forms[0].submit()',
  })
}
