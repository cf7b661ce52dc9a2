import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { clientInfoOf } from './accounts.ts'
import { type Authority, segmentOf } from './authority.ts'
import {
  type AuthorizationRequest,
  checkClient,
  readAuthorizationRequest,
  readReplyAddress,
} from './authorization-request.ts'
import { reply, replyWithError } from './authorization-response.ts'
import { rememberBrowser } from './browser.ts'
import { askConsent, checkResources, consentsMissing, consentsWanted } from './consent.ts'
import { type SignedIn, signInOrAsk } from './sign-in.ts'
import type { Step } from './step.ts'

/** `/{tenant}/oauth2/v2.0/authorize`: the first request and every form submitted from its pages. */
export async function authorize(
  world: EntraWorld,
  authority: Authority,
  step: Step,
): Promise<Response> {
  const { request, parameters } = step
  checkClient(world, authority, parameters)
  const address = readReplyAddress(world, parameters)
  const answer = async () => {
    try {
      const asked = readAuthorizationRequest(world, { authority, reply: address }, parameters)
      return await proceed(world, asked, step)
    } catch (error) {
      if (!(error instanceof AadstsError)) throw error
      const isSilent = parameters.get('prompt') === 'none'
      if (error.meaning.staysOnPage === true && !isSilent) throw error
      return replyWithError(address, error, request)
    }
  }
  return rememberBrowser(await answer(), step.browser, request)
}

async function proceed(
  world: EntraWorld,
  asked: AuthorizationRequest,
  step: Step,
): Promise<Response> {
  const signedIn = await signInOrAsk(world, asked, step)
  if (signedIn instanceof Response) return signedIn
  // Entra reports this error last, “after the password has been typed”, and not at the token
  // endpoint.
  if (asked.reply.isSinglePage && asked.challenge === null) throw new AadstsError(9002325)
  const { account } = signedIn
  checkResources(world, account, asked.scopes)
  const wanted = consentsWanted(world, account, asked.scopes)
  // `prompt=consent` asks for every permission again. Where a permission needs an administrator,
  // everyone else is locked out, even after an administrator has consented.
  const open = asked.prompt === 'consent' ? wanted : consentsMissing(world, account, wanted)
  if (open.length > 0) {
    if (asked.prompt === 'none') throw new AadstsError(65001)
    const page = await askConsent(world, { signedIn, asked: open, step, isForOrganization: false })
    if (page !== null) return page
  }
  return replyWithCode(world, asked, signedIn)
}

function replyWithCode(
  world: EntraWorld,
  asked: AuthorizationRequest,
  { signIn: session, account }: SignedIn,
): Promise<Response> {
  const { entra, registration } = world
  const code = entra.grants.issueCode({
    clientId: registration.clientId,
    tenantId: session.tenantId,
    userId: session.userId,
    sid: session.sid,
    authenticatedAt: session.authenticatedAt,
    met: session.met,
    isSinglePage: asked.reply.isSinglePage,
    authority: segmentOf(asked.authority),
    redirectUri: asked.reply.redirectUri,
    challenge: asked.challenge,
    nonce: asked.nonce,
    scope: asked.scope,
  })
  entra.signIns.noteUse(session)
  return reply(asked.reply, {
    code,
    ...(asked.wantsClientInfo ? { client_info: clientInfoOf(account) } : {}),
    session_state: session.sid,
  })
}
