import { describe, expect, test } from 'vitest'
import { FAILURES, type FailureCode, type Turn } from '../../../src/failure.ts'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { CALLBACK } from '../../support/addresses.ts'

/*
 * Microsoft's error numbers (reference: microsoft identity platform, error codes) as a relying party receives them:
 * in the authorization response, when it redeems the code, and when it refreshes.
 */

const CORRELATION = '5b6b1c3a-8d3a-4f0c-9c7e-0a2f0c1d2e3f'

interface Words {
  readonly error: string
  readonly suberror?: string
}

interface Row {
  readonly numbers: readonly number[]
  /** In the authorization response. */
  readonly authorize: string
  /** From the token endpoint. */
  readonly token: Words
  /** The error page of the sign-in. */
  readonly signIn: FailureCode
  readonly turn: Turn
  /** The answer of a feature whose token cannot be renewed; `ends` where the session ends as well. */
  readonly refresh: FailureCode | 'ends'
}

const grant = (suberror?: string): Words =>
  suberror === undefined ? { error: 'invalid_grant' } : { error: 'invalid_grant', suberror }

const ROWS: readonly Row[] = [
  { numbers: [50058], authorize: 'login_required', token: { error: 'login_required' }, signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [16000], authorize: 'interaction_required', token: { error: 'interaction_required' }, signIn: 'wrong_account', turn: 'switch_account', refresh: 'interaction_required' },
  { numbers: [16003, 50014, 50020, 50034, 51004, 90072], authorize: 'interaction_required', token: grant(), signIn: 'wrong_account', turn: 'switch_account', refresh: 'ends' },
  { numbers: [50105], authorize: 'access_denied', token: grant(), signIn: 'not_assigned', turn: 'administrator', refresh: 'ends' },
  { numbers: [500208], authorize: 'invalid_request', token: { error: 'invalid_request' }, signIn: 'wrong_account', turn: 'switch_account', refresh: 'registration_rejected' },
  { numbers: [9002332, 50194], authorize: 'unauthorized_client', token: { error: 'unauthorized_client' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [90124, 90130, 9001023], authorize: 'invalid_request', token: grant(), signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [500212, 500213], authorize: 'access_denied', token: grant(), signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [50011, 900971], authorize: 'invalid_request', token: { error: 'invalid_request' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [65001], authorize: 'consent_required', token: grant('consent_required'), signIn: 'consent_required', turn: 'consent', refresh: 'consent_required' },
  { numbers: [65001], authorize: 'interaction_required', token: grant(), signIn: 'consent_required', turn: 'consent', refresh: 'consent_required' },
  { numbers: [65004], authorize: 'access_denied', token: { error: 'access_denied' }, signIn: 'sign_in_refused', turn: 'user', refresh: 'blocked_by_policy' },
  { numbers: [90094, 90095], authorize: 'access_denied', token: grant(), signIn: 'admin_consent_required', turn: 'administrator', refresh: 'admin_consent_required' },
  { numbers: [90094], authorize: 'interaction_required', token: grant('basic_action'), signIn: 'admin_consent_required', turn: 'administrator', refresh: 'admin_consent_required' },
  { numbers: [500011], authorize: 'invalid_resource', token: { error: 'invalid_resource' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [650052, 650057], authorize: 'invalid_client', token: { error: 'invalid_client' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [700016], authorize: 'unauthorized_client', token: { error: 'unauthorized_client' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [50072, 50074, 50076, 50078, 50079, 50158, 53004], authorize: 'interaction_required', token: grant('basic_action'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [50074, 50076, 50079], authorize: 'interaction_required', token: { error: 'interaction_required' }, signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [50072, 50076, 50158], authorize: 'interaction_required', token: grant(), signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [50076], authorize: 'interaction_required', token: grant('additional_action'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [50097, 50129, 50155, 50187, 53000, 53001, 53002, 53010], authorize: 'interaction_required', token: grant('message_only'), signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [53000, 53001], authorize: 'access_denied', token: { error: 'interaction_required' }, signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [53003, 530032, 50131, 530035], authorize: 'access_denied', token: grant('message_only'), signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [53003], authorize: 'interaction_required', token: { error: 'interaction_required' }, signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [53003], authorize: 'access_denied', token: { error: 'access_denied' }, signIn: 'blocked_by_policy', turn: 'administrator', refresh: 'blocked_by_policy' },
  { numbers: [50053, 53011, 50135], authorize: 'interaction_required', token: grant(), signIn: 'account_disabled', turn: 'administrator', refresh: 'ends' },
  { numbers: [50057], authorize: 'interaction_required', token: grant(), signIn: 'account_disabled', turn: 'administrator', refresh: 'ends' },
  { numbers: [50055, 50144, 50132, 50133, 50173], authorize: 'interaction_required', token: grant('bad_token'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'ends' },
  { numbers: [50055], authorize: 'interaction_required', token: grant('user_password_expired'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [50089, 50085, 700082, 700084], authorize: 'interaction_required', token: grant(), signIn: 'interaction_required', turn: 'sign_in', refresh: 'ends' },
  { numbers: [70043], authorize: 'interaction_required', token: grant('token_expired'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'ends' },
  { numbers: [70000, 70008, 54005, 700005, 501481, 50147], authorize: 'invalid_grant', token: grant(), signIn: 'sign_in_expired', turn: 'sign_in', refresh: 'ends' },
  { numbers: [501491], authorize: 'invalid_request', token: { error: 'invalid_request' }, signIn: 'sign_in_expired', turn: 'sign_in', refresh: 'registration_rejected' },
  { numbers: [7000215, 7000222, 7000218, 700025, 700027, 70002, 70021, 50012, 700030], authorize: 'invalid_client', token: { error: 'invalid_client' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [70002, 50012, 70021], authorize: 'invalid_request', token: grant(), signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [70001, 700011, 7000112, 1000031], authorize: 'unauthorized_client', token: { error: 'unauthorized_client' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [28000, 70011, 700022, 28002, 28003], authorize: 'invalid_scope', token: { error: 'invalid_scope' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  { numbers: [50196], authorize: 'invalid_request', token: grant(), signIn: 'sign_in_unavailable', turn: 'wait', refresh: 'sign_in_unavailable' },
  { numbers: [50033, 90006, 90012, 90024, 90033, 90055, 90090], authorize: 'temporarily_unavailable', token: { error: 'temporarily_unavailable' }, signIn: 'sign_in_unavailable', turn: 'wait', refresh: 'sign_in_unavailable' },
  { numbers: [50087, 50088], authorize: 'server_error', token: grant(), signIn: 'sign_in_unavailable', turn: 'wait', refresh: 'sign_in_unavailable' },
  { numbers: [90002, 90038, 900432, 900382], authorize: 'invalid_request', token: { error: 'invalid_tenant' }, signIn: 'registration_rejected', turn: 'operator', refresh: 'registration_rejected' },
  // Numbers that are not in the table.
  { numbers: [999999], authorize: 'something_new', token: { error: 'something_new' }, signIn: 'sign_in_unavailable', turn: 'wait', refresh: 'sign_in_unavailable' },
  { numbers: [999998], authorize: 'interaction_required', token: grant('basic_action'), signIn: 'interaction_required', turn: 'sign_in', refresh: 'interaction_required' },
  { numbers: [999997], authorize: 'invalid_grant', token: grant(), signIn: 'sign_in_refused', turn: 'user', refresh: 'ends' },
  { numbers: [999996], authorize: 'access_denied', token: grant('message_only'), signIn: 'sign_in_refused', turn: 'user', refresh: 'blocked_by_policy' },
] // prettier-ignore

const CASES = ROWS.flatMap(({ numbers, ...row }) =>
  numbers.map(
    (number) => [number, [row.token.error, row.token.suberror].join(' ').trim(), row] as const,
  ),
)

/** The sandbox, whose token endpoint refuses every request with this error from now on. */
function refuse(entrada: Entrada, number: number, { error, suberror }: Words): void {
  const { login } = entrada.sandbox.handlers
  entrada.internet.answer(entrada.sandbox.hosts.login, (request) => {
    if (!new URL(request.url).pathname.endsWith('/token')) return login(request)
    const body = {
      error,
      error_description: `AADSTS${number}: raw text. Correlation ID: ${CORRELATION}`,
      error_codes: [number],
      correlation_id: CORRELATION,
      ...(suberror === undefined ? {} : { suberror }),
    }
    return Response.json(body, { status: error === 'invalid_client' ? 401 : 400 })
  })
}

function expectPage({ page, cookies }: Browser, number: number, code: FailureCode): void {
  expect([page.status, page.headers.get('entrada-error')]).toEqual([FAILURES[code].status, code])
  expect(page.text).toContain(`AADSTS${number}`)
  expect(page.text).toContain(CORRELATION)
  expect(page.text).not.toContain('raw text')
  expect(cookies.get('__Host-entrada')).toBeNull()
}

test.each(CASES)('AADSTS%i (%s)', async (number, _words, row) => {
  expect(FAILURES[row.signIn].turn).toBe(row.turn)
  const entrada = anEntrada()
  const signedIn = entrada.browser()
  await signedIn.signIn(CAST.adele.userPrincipalName)

  const refused = entrada.browser('198.51.100.1')
  await refused.open('/')
  const answer = new URLSearchParams({
    error: row.authorize,
    error_description: `AADSTS${number}: raw text. Correlation ID: ${CORRELATION}`,
    state: refused.page.url.searchParams.get('state') ?? '',
  })
  await refused.open(`${entrada.origin}${CALLBACK}?${answer}`)
  expectPage(refused, number, row.signIn)

  refuse(entrada, number, row.token)
  const redeeming = entrada.browser('198.51.100.2')
  await redeeming.open('/')
  await redeeming.submit({ button: ['account', CAST.alex.userPrincipalName] })
  if (redeeming.page.url.origin !== entrada.origin) {
    await redeeming.submit({ button: ['decision', 'accept'] })
  }
  // Users decline at the authorization endpoint; unknown numbers are classified by their OAuth error.
  const isByWords = number === 999996
  expectPage(redeeming, number, isByWords ? 'blocked_by_policy' : row.signIn)

  await clock.advance(3 * 3600)
  const feature = await signedIn.fetch(`/.entrada/files/b!${'A'.repeat(24)}/01ABCDEFGH`)
  const session = await signedIn.fetch('/.entrada/session')
  const hasEnded = row.refresh === 'ends'
  expect([feature.headers.get('entrada-error'), session.status]).toEqual([
    hasEnded ? 'session_required' : row.refresh,
    hasEnded ? 401 : 200,
  ])
})

test('the table contains every number of the reference', () => {
  expect(new Set(CASES.map(([number]) => number)).size).toBeGreaterThanOrEqual(99)
})

describe('an error page offers', () => {
  async function pageFor(error: string, number: number) {
    const entrada = anEntrada()
    const browser = entrada.browser()
    await browser.open('/echo?c=1')
    const answer = new URLSearchParams({
      error,
      error_description: `AADSTS${number}: raw text.`,
      state: browser.page.url.searchParams.get('state') ?? '',
    })
    await browser.open(`${entrada.origin}${CALLBACK}?${answer}`)
    return { entrada, browser }
  }

  test('to a user who was not asked for consent: the same sign-in, with the prompt', async () => {
    const { entrada, browser } = await pageFor('consent_required', 65001)
    await browser.click('a.button')
    expect(browser.page.url.origin).toBe(entrada.sandbox.hosts.login)
    expect(browser.page.url.searchParams.get('prompt')).toBe('consent')
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    await browser.submit({ button: ['decision', 'accept'] })
    expect(browser.page.url.origin).toBe(entrada.origin)
    expect(browser.cookies.get('__Host-entrada')).not.toBeNull()
  })

  test('after an outage: another sign-in, which returns to the requested page', async () => {
    const { entrada, browser } = await pageFor('temporarily_unavailable', 90033)
    await browser.click('a.button')
    expect(browser.page.url.origin).toBe(entrada.sandbox.hosts.login)
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    await browser.submit({ button: ['decision', 'accept'] })
    expect(browser.page.url.href).toBe(`${entrada.origin}/echo?c=1`)
  })

  test('to a user with the wrong account: another account', async () => {
    const { browser } = await pageFor('interaction_required', 50020)
    await browser.click('a.button')
    expect(browser.page.url.searchParams.get('prompt')).toBe('select_account')
  })

  test('to a user who is not assigned: whom to ask, and no retry with the same account', async () => {
    const { browser } = await pageFor('access_denied', 50105)
    expect(browser.page.text).toContain('Ask your administrator or help desk')
    expect(browser.page.html.querySelector('a[href*="/.entrada/login"]')).toBeNull()
  })
})
