import { html } from 'hono/html'
import { CAST } from '../directory/cast.ts'
import type { EntraWorld } from './entra-state.ts'
import { type Account, homeNameOf } from './accounts.ts'
import type { Authority } from './authority.ts'
import { hiddenInputs, renderPage } from './page.ts'

/** More groups than fit into a token. */
const MANY_GROUPS = 200

export interface AccountChoice {
  readonly authority: Authority
  readonly action: string
  /** The authorization request that the choice belongs to. */
  readonly parameters: Iterable<readonly [string, string]>
  /** Accounts already signed in with this browser. */
  readonly signedIn: readonly Account[]
  /** The application's hint; this account is offered first. */
  readonly hinted: Account | null
}

/**
 * Asks who is signing in: one click for each person of the cast, a typed name for anyone else.
 * There are no passwords.
 */
export function renderSignInPage(world: EntraWorld, choice: AccountChoice): Promise<Response> {
  const carried = hiddenInputs(choice.parameters)
  const accounts = accountsOffered(world, choice)
  return renderPage({
    title: 'Sign in',
    content: html`<h1>Who is signing in?</h1>
      <p class="dim">
        A simulated tenant: there are no passwords, and nothing leaves this machine.
      </p>
      <form method="post" action="${choice.action}">
        ${carried} ${accounts.map((account) => accountButton(describeAccount(account, choice)))}
      </form>
      <form method="post" action="${choice.action}">
        ${carried}
        <label for="account">Use another account</label>
        <input
          id="account"
          type="text"
          name="account"
          required
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          placeholder="someone@contoso.example"
        />
        <div class="row"><button>Next</button></div>
      </form>`,
  })
}

export interface AccountTile {
  readonly userPrincipalName: string
  /** The name a person signs in with: the principal name, except for guests. */
  readonly name: string
  readonly displayName: string
  readonly description: string
}

export function accountButton(tile: AccountTile) {
  return html`<button class="account" name="account" value="${tile.userPrincipalName}">
    <span>${tile.displayName}</span>
    <span class="dim">${tile.name}</span>
    <small>${tile.description}</small>
  </button> `
}

function accountsOffered(world: EntraWorld, { hinted, signedIn }: AccountChoice) {
  const cast = Object.values(CAST).flatMap(({ id }) =>
    world.tenants.flatMap((directory) => {
      const person = directory.person(id)
      return person === null ? [] : [{ directory, person }]
    }),
  )
  const all = [...(hinted === null ? [] : [hinted]), ...signedIn, ...cast]
  return all.filter(
    ({ person }, index) => all.findIndex((other) => other.person.id === person.id) === index,
  )
}

function describeAccount(account: Account, { authority, signedIn }: AccountChoice): AccountTile {
  const { directory, person } = account
  const groups = directory.transitiveGroupsOf(person.id).length
  const home = homeNameOf(person.userPrincipalName)
  const isElsewhere = authority.kind === 'tenant' && authority.directory !== directory
  const facts = [
    signedIn.some((other) => other.person.id === person.id) ? 'signed in' : null,
    isElsewhere ? `works for ${directory.domain}, unknown to this tenant` : null,
    person.accountEnabled ? null : 'disabled account, cannot sign in',
    person.userType === 'Guest' ? `guest from ${home?.split('@')[1] ?? 'elsewhere'}` : null,
    person.isAdministrator ? 'administrator, may consent for everyone' : null,
    groups > MANY_GROUPS ? `member of ${groups} groups, more than a token holds` : null,
    person.mail === null ? 'no mailbox' : null,
    person.hasOneDrive ? null : 'no OneDrive',
  ].filter((fact) => fact !== null)
  return {
    userPrincipalName: person.userPrincipalName,
    // Guests sign in with the name from their home organisation.
    name: home ?? person.userPrincipalName,
    displayName: person.displayName,
    description: facts.length > 0 ? facts.join(' · ') : `member of ${groups} groups`,
  }
}
