import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import type { Authority } from './authority.ts'
import { checkClient, readReplyAddress, required } from './authorization-request.ts'
import { reply, replyWithError } from './authorization-response.ts'
import { rememberBrowser } from './browser.ts'
import { readClaimsRequest } from './claims-request.ts'
import { askConsent, checkResources, consentsWanted } from './consent.ts'
import { readScopes } from './scopes.ts'
import { signInOrAsk } from './sign-in.ts'
import type { Step } from './step.ts'

/**
 * `/{tenant}/v2.0/adminconsent`: an administrator consents for the whole tenant. Issues no code.
 */
export async function adminConsent(
  world: EntraWorld,
  authority: Authority,
  step: Step,
): Promise<Response> {
  const { request, parameters } = step
  checkClient(world, authority, parameters)
  const address = readReplyAddress(world, parameters)
  const answer = async () => {
    try {
      const scope = required(parameters, 'scope')
      const scopes = readScopes(scope, world.hosts)
      const demand = { authority, prompt: null, loginHint: null, claims: readClaimsRequest(null) }
      const signedIn = await signInOrAsk(world, demand, step)
      if (signedIn instanceof Response) return signedIn
      const { account } = signedIn
      checkResources(world, account, scopes)
      const asked = consentsWanted(world, account, scopes)
      const page = await askConsent(world, { signedIn, asked, step, isForOrganization: true })
      if (page !== null) return page
      const tenant = account.directory.tenantId
      return await reply(address, { admin_consent: 'True', tenant, scope })
    } catch (error) {
      if (!(error instanceof AadstsError) || error.meaning.staysOnPage === true) throw error
      return replyWithError(address, error, request)
    }
  }
  return rememberBrowser(await answer(), step.browser, request)
}
