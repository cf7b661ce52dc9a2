import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { CAST } from '../directory/cast.ts'
import { type ServedSandbox, serveSandbox } from '../serve.ts'

/** Generous, because a browser is slow on a busy machine. */
const LIMITS = { timeout: 30_000 }

const ADELE = {
  'x-forwarded-user': CAST.adele.id,
  'x-forwarded-name': 'Adele Vance',
  'x-forwarded-email': 'adele.vance@contoso.example',
}

/** The page in a real browser; the test answers Entrada's routes. */
describe('the chat page', LIMITS, () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let served: ServedSandbox

  beforeAll(async () => {
    browser = await launchChromium()
    served = await serveSandbox({ people: 10, groups: 0 })
  }, 30_000)
  afterAll(async () => {
    await browser.close()
    await served.close()
  })

  beforeEach(async () => {
    context = await browser.newContext({ extraHTTPHeaders: ADELE })
    page = await context.newPage()
    await entrada('**', (route) => route.fulfill({ status: 404 }))
    await page.goto(served.hosts.chat)
  })
  afterEach(() => context.close())

  async function entrada(path: string, answer: (route: Route) => Promise<void>): Promise<void> {
    await page.route(`${served.hosts.chat}/.entrada/${path}`, answer)
  }

  const problem = (status: number, body: Record<string, unknown>) => ({
    status,
    contentType: 'application/problem+json',
    body: JSON.stringify({ status, ...body }),
  })

  const person = (name: string) => ({
    id: name,
    type: 'user',
    name,
    email: `${name}@contoso.example`,
  })

  async function search(query: string): Promise<void> {
    await page.getByRole('button', { name: 'People', exact: true }).click()
    await page.getByRole('combobox').fill(query)
  }

  describe('the people finder', () => {
    test('lists the results and inserts the chosen one into the message', async () => {
      await entrada('people?**', (route) =>
        route.fulfill({
          json: { results: [person('Megan'), person('Mel')], status: { users: 'ok' } },
        }),
      )
      await search('me')
      await page.getByRole('option', { name: 'Mel' }).waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('@Mel ')
    })

    test('sends one request for a name typed quickly, and discards an answer that arrives too late', async () => {
      const asked: string[] = []
      await entrada('people?**', async (route) => {
        const query = new URL(route.request().url()).searchParams.get('q') ?? ''
        asked.push(query)
        if (query === 'slow') await new Promise((resolve) => setTimeout(resolve, 600))
        await route.fulfill({ json: { results: [person(query)], status: {} } }).catch(() => {})
      })
      await search('slow')
      await page.waitForTimeout(300)
      await page.getByRole('combobox').fill('')
      await page.getByRole('combobox').pressSequentially('quick', { delay: 20 })
      await page.getByRole('option', { name: 'quick' }).waitFor()
      await page.waitForTimeout(500)
      expect(asked).toEqual(['slow', 'quick'])
      expect(await page.getByRole('option').allTextContents()).toEqual([
        'Qquickquick@contoso.example',
      ])
    })

    test.each([
      ['the result is empty', { users: 'ok', groups: 'ok' }, 'No person or group found for “xy”.'],
      ['a source failed', { users: 'failed', groups: 'ok' }, 'Couldn’t search the directory'],
      [
        'consent is missing',
        { users: 'ok', groups: 'consent_needed' },
        'has not given consent yet',
      ],
      [
        'a source is throttled',
        { people: 'throttled', users: 'ok' },
        'Microsoft is limiting requests',
      ],
    ])('when %s shows the matching message', async (_what, status, words) => {
      await entrada('people?**', (route) => route.fulfill({ json: { results: [], status } }))
      await search('xy')
      const said = page.locator('#finder-status')
      await said.getByText(words).waitFor()
      expect((await said.textContent())?.includes('No person')).toBe(words.startsWith('No person'))
    })

    test('shows a failed search as an error, not as an empty result', async () => {
      await entrada('people?**', (route) =>
        route.fulfill(
          problem(503, { code: 'graph_throttled', title: 'Microsoft 365 asked us to wait' }),
        ),
      )
      await search('xy')
      await page.getByText('Couldn’t search people: Microsoft 365 asked us to wait').waitFor()
    })
  })

  describe('files', () => {
    /** Stands in for Entrada's picker page and reports a choice once or twice. */
    const picker = (script: string) => (route: Route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<script>
          const channel = new URLSearchParams(location.search).get('channel')
          const items = [{ driveId: 'b!drive', id: '01ITEM', name: 'notes.txt', size: 18 }]
          ${script}
        </script>`,
      })
    const content = (route: Route) => route.fulfill({ body: 'Remember the milk.' })
    const BROADCAST = "new BroadcastChannel('entrada-picker').postMessage"
    const PICKED = "{ type: 'entrada:picked', channel, items }"

    test.each([
      ['its frame', `parent.postMessage(${PICKED}, location.origin)`],
      ['the broadcast channel', `${BROADCAST}(${PICKED})`],
      ['both', `parent.postMessage(${PICKED}, location.origin); ${BROADCAST}(${PICKED})`],
    ])('reported by %s are fetched and uploaded to the chat once', async (_by, script) => {
      await entrada('picker?**', picker(script))
      await entrada('files/b!drive/01ITEM/content', content)
      await page.getByRole('button', { name: 'SharePoint', exact: true }).click()
      await page.locator('.chip.ready').waitFor()
      expect(await page.locator('.chip').allTextContents()).toEqual([
        expect.stringMatching(/^notes.txt18 B · [0-9a-f]{8}/),
      ])
      expect(await page.locator('dialog[open]').count()).toBe(0)
    })

    test('ignores a choice meant for another page', async () => {
      await entrada(
        'picker?**',
        picker(`${BROADCAST}({ type: 'entrada:picked', channel: 'other', items })`),
      )
      await page.getByRole('button', { name: 'SharePoint', exact: true }).click()
      await page.waitForTimeout(300)
      expect(await page.locator('.chip').count()).toBe(0)
      expect(await page.locator('dialog[open]').count()).toBe(1)
    })

    test('shows why Entrada refuses a file, and lets the person remove it', async () => {
      await entrada('picker?**', picker(`${BROADCAST}(${PICKED})`))
      await entrada('files/**', (route) =>
        route.fulfill(problem(403, { code: 'file_infected', title: 'This file is infected' })),
      )
      await page.getByRole('button', { name: 'SharePoint', exact: true }).click()
      await page.locator('.chip.failed').getByText('This file is infected').waitFor()
      await page.getByRole('button', { name: 'Remove notes.txt' }).click()
      expect(await page.locator('.chip').count()).toBe(0)
    })

    test('cancels a running download', async () => {
      await page.route(`${served.hosts.chat}/.entrada/files/**`, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1500))
        await route.fulfill({ body: 'late' }).catch(() => {})
      })
      await entrada('picker?**', picker(`${BROADCAST}(${PICKED})`))
      await page.getByRole('button', { name: 'SharePoint', exact: true }).click()
      await page.getByRole('button', { name: 'Cancel notes.txt' }).click()
      await page.waitForTimeout(1700)
      expect(await page.locator('.chip').count()).toBe(0)
    })
  })

  test('streams an answer, keeps it over a reload, and clears it at sign-out', async () => {
    await page.getByLabel('Message', { exact: true }).fill('one two')
    await page.keyboard.press('Enter')
    await page.getByText('no Microsoft token').waitFor()
    await page.reload()
    await page.getByText('no Microsoft token').waitFor()
    await entrada('logout', (route) =>
      route.fulfill({ contentType: 'text/html', body: 'Signed out' }),
    )
    await page.getByRole('button', { name: 'Account of Adele Vance' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Signed out').waitFor()
    await page.goto(served.hosts.chat)
    await page.getByRole('heading', { name: 'Hello, Adele' }).waitFor()
    expect(await page.getByText('one two').count()).toBe(0)
  })

  test('keeps the draft when the session ends and offers a same-origin sign-in link', async () => {
    const refuse = (loginUrl: string) => (route: Route) =>
      route.fulfill(
        problem(401, { code: 'session_required', title: 'Sign in to continue', loginUrl }),
      )
    await page.route(`${served.hosts.chat}/api/chat`, refuse('https://evil.example/login'))
    await page.getByLabel('Message', { exact: true }).fill('keep me')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent: Sign in to continue').waitFor()
    expect(await page.getByRole('link', { name: 'Sign in again' }).isVisible()).toBe(false)

    await page.unroute(`${served.hosts.chat}/api/chat`)
    await page.route(`${served.hosts.chat}/api/chat`, refuse(`${served.hosts.chat}/.entrada/login`))
    await page.keyboard.press('Enter')
    const link = page.getByRole('link', { name: 'Sign in again' })
    await link.waitFor()
    expect(await link.getAttribute('href')).toBe(
      `${served.hosts.chat}/.entrada/login?return_to=%2F`,
    )
    await page.reload()
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('keep me')
  })

  test('shows the next person in this tab nothing of the previous one', async () => {
    await page.getByLabel('Message', { exact: true }).fill('for my eyes only')
    await context.setExtraHTTPHeaders({
      ...ADELE,
      'x-forwarded-user': CAST.megan.id,
      'x-forwarded-name': 'Megan Bowen',
    })
    await page.reload()
    await page.getByRole('heading', { name: 'Hello, Megan' }).waitFor()
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('')
    expect(JSON.stringify(await page.evaluate('({ ...sessionStorage })'))).not.toContain('my eyes')
  })

  test('shows the connection status of the socket', async () => {
    await page.getByText('Live', { exact: true }).waitFor()
  })
})
