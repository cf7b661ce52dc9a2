import { html } from 'hono/html'
import type { EntraWorld } from './entra-state.ts'
import { AadstsError, describeError, incidentOf } from './aadsts.ts'
import type { ResourceConsent } from './consent.ts'
import { hiddenInputs, renderPage } from './page.ts'
import { findPermission } from './permissions.ts'
import type { SignedIn } from './sign-in.ts'
import { requestOf, type Step } from './step.ts'

export interface ConsentQuestion {
  readonly signedIn: SignedIn
  readonly asked: readonly ResourceConsent[]
  readonly step: Step
  /** The consent is tenant-wide, whether or not the checkbox is ticked. */
  readonly isForOrganization: boolean
}

export function renderConsentPage(
  world: EntraWorld,
  { signedIn, asked, step, isForOrganization }: ConsentQuestion,
): Promise<Response> {
  const { person, directory } = signedIn.account
  const mayAnswerForAll = person.isAdministrator && !isForOrganization
  return renderPage({
    title: 'Permissions requested',
    content: html`<h1>Permissions requested</h1>
      <p class="dim">${person.userPrincipalName}</p>
      <p>
        The application
        Entrada${isForOrganization ? ` asks on behalf of everyone at ${directory.domain}` : ''}
        would like to:
      </p>
      ${asked.map(({ resource, names }) => {
        const lines = names.map((name) =>
          permissionLine(world, findPermission(resource, name)?.title ?? name, name),
        )
        return html`<h2>${resource.name}</h2>
          <ul>
            ${lines}
          </ul>`
      })}
      <form method="post" action="${new URL(step.request.url).pathname}">
        ${hiddenInputs(requestOf(step))}
        <input type="hidden" name="sign_in" value="${signedIn.signIn.sid}" />
        ${
          mayAnswerForAll
            ? html`<p>
                <label
                  ><input type="checkbox" name="consent_on_behalf_of_organization" value="true" />
                  Consent on behalf of your organisation</label
                >
              </p>`
            : ''
        }
        <div class="row">
          <button name="decision" value="accept">Accept</button>
          <button class="quiet" name="decision" value="decline">Decline</button>
        </div>
      </form>`,
  })
}

function permissionLine(world: EntraWorld, title: string, name: string) {
  const note = world.entra.administratorPermissions.has(name)
    ? `${name}, administrators only`
    : name
  return html`<li>${title} <small>(${note})</small></li>`
}

/** AADSTS90094: this person cannot consent; the page only offers to return to the application. */
export function renderApprovalPage(
  world: EntraWorld,
  { signedIn, asked, step }: ConsentQuestion,
): Promise<Response> {
  const action = new URL(step.request.url).pathname
  const others = requestOf(step).filter(([name]) => name !== 'prompt' && name !== 'login_hint')
  const names = asked.flatMap((consent) => consent.names)
  const reserved = names.filter((name) => world.entra.administratorPermissions.has(name))
  const needed = reserved.length > 0 ? reserved : names
  return renderPage({
    title: 'Approval needed',
    content: html`<h1>An administrator has to approve</h1>
      <p class="dim">${signedIn.account.person.userPrincipalName}</p>
      <p>Entrada needs permissions that only an administrator can grant: ${needed.join(', ')}.</p>
      <p class="warning">
        <small>${describeError(new AadstsError(90094), incidentOf(step.request))}</small>
      </p>
      <form method="post" action="${action}">
        ${hiddenInputs(requestOf(step))}
        <input type="hidden" name="sign_in" value="${signedIn.signIn.sid}" />
        <div class="row">
          <button class="quiet" name="decision" value="decline">Go back without consent</button>
        </div>
      </form>
      <form method="get" action="${action}">
        ${hiddenInputs([...others, ['prompt', 'select_account']])}
        <div class="row"><button class="quiet">Sign in as an administrator</button></div>
      </form>`,
  })
}
