import { html } from 'hono/html'
import { type AadstsError, describeError, incidentOf } from './aadsts.ts'
import { hiddenInputs, renderPage } from './page.ts'
import { requestOf, type Step } from './step.ts'

const ABOUT_THE_ACCOUNT: ReadonlySet<number> = new Set([50020, 50034, 50057, 50105])

/** The error page for cases where Entra must not, or cannot, redirect to the application. */
export function renderErrorPage(error: AadstsError, step: Step): Promise<Response> {
  const { request } = step
  const others = requestOf(step).filter(([name]) => name !== 'prompt' && name !== 'login_hint')
  const again = ABOUT_THE_ACCOUNT.has(error.code)
    ? html`<form method="get" action="${new URL(request.url).pathname}">
        ${hiddenInputs([...others, ['prompt', 'select_account']])}
        <div class="row"><button>Use another account</button></div>
      </form>`
    : ''
  return renderPage({
    title: 'Sign-in failed',
    status: 400,
    content: html`<h1>This sign-in did not work</h1>
      <p class="warning">${describeError(error, incidentOf(request))}</p>
      ${again}`,
  })
}
