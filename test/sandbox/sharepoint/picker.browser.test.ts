import type { Browser, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { type ServedSandbox, serveSandbox } from '../serve.ts'
import { type HostSetup, type PickerHost, servePickerHost, type Told } from './picker-host.ts'

/** Generous, because a browser is slow on a busy machine. */
const LIMITS = { timeout: 30_000 }

/** The picker in a frame of a page that speaks its protocol, in a real browser. */
describe('the picker', LIMITS, () => {
  let browser: Browser
  let page: Page
  let host: PickerHost | null = null
  let served: ServedSandbox

  beforeAll(async () => {
    browser = await launchChromium()
  }, 30_000)
  afterAll(() => browser.close())

  beforeEach(async () => {
    served = await serveSandbox({ people: 10, groups: 0 })
    page = await browser.newPage()
  })
  afterEach(async () => {
    await page.close()
    host?.close()
    await served.close()
  })

  function mint(audience: string, expiresAt = Date.now() + 60_000): string {
    return served.sandbox.accessTokens.mint({
      tenantId: CONTOSO,
      userId: CAST.adele.id,
      clientId: served.sandbox.registration.clientId,
      audience,
      scopes: ['MyFiles.Read', 'AllSites.Read'],
      expiresAt,
    })
  }

  /** Opens the picker. `token` answers every `authenticate` command; `null` refuses it. */
  async function open(
    setup: Partial<HostSetup> = {},
    token: (resource: string) => string | null = mint,
  ): Promise<FrameLocator> {
    const base = setup.base ?? served.hosts.oneDrive
    await page.exposeFunction('tokenFor', token)
    host = await servePickerHost({ base, token: mint(new URL(base).origin), options: {}, ...setup })
    await page.goto(host.origin)
    return page.frameLocator('iframe')
  }

  const told = (): Promise<Told[]> => page.evaluate('window.told')
  const commands = async (name: string) =>
    (await told()).filter(({ data }) => data?.command === name).map(({ data }) => data)
  const isReady = (picker: FrameLocator) => picker.locator('body[data-state=ready]').waitFor()

  test('picks files from OneDrive and from a site, with a separate token for each host', async () => {
    const picker = await open()
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('checkbox', { name: 'notes.txt' }).check()
    await picker.getByRole('button', { name: 'Sites' }).click()
    await picker.getByRole('button', { name: 'Marketing & Communications' }).click()
    await picker.getByRole('button', { name: 'Campaign' }).click()
    await picker.getByRole('checkbox', { name: 'Poster.png' }).check()
    await picker.getByRole('button', { name: 'Select' }).click()
    await picker.locator('body[data-state=done]').waitFor()

    const resources = (await commands('authenticate')).map((command) => command?.resource)
    expect(resources).toEqual([
      served.hosts.oneDrive,
      served.hosts.sharePoint,
      served.hosts.sharePointEurope,
    ])
    const [pick] = await commands('pick')
    expect(pick?.items).toMatchObject([
      { name: 'notes.txt', '@sharePoint.endpoint': `${served.hosts.oneDrive}/_api/v2.0` },
      { name: 'Poster.png', '@sharePoint.endpoint': `${served.hosts.sharePoint}/_api/v2.0` },
    ])
    for (const item of pick?.items ?? []) {
      const { driveId } = item.parentReference
      expect(served.sandbox.drives.item(driveId, item.id)?.name).toBe(item.name)
    }
  })

  test('reports that it is ready, and sends a command that no host knows', async () => {
    const picker = await open()
    await isReady(picker)
    const notifications = (await told()).filter(({ type }) => type === 'notification')
    expect(notifications.map(({ data }) => data?.notification)).toEqual(['page-loaded'])
    expect(await picker.locator('body').getAttribute('data-probe')).toBe('unsupportedCommand')
  })

  test('returns only the guaranteed properties of a shortcut', async () => {
    const picker = await open()
    await picker.getByRole('button', { name: 'Special' }).click()
    await picker.getByRole('checkbox', { name: 'Marketing plan.docx' }).check()
    await picker.getByRole('button', { name: 'Select' }).click()
    await picker.locator('body[data-state=done]').waitFor()
    const [pick] = await commands('pick')
    expect(Object.keys(pick?.items?.[0] ?? {})).toEqual([
      'id',
      'parentReference',
      '@sharePoint.endpoint',
    ])
  })

  test('asks again for an expired token, with the reason', async () => {
    const times = [Date.now() - 1, Date.now() + 60_000]
    await isReady(await open({}, (resource) => mint(resource, times.shift())))
    const asked = await commands('authenticate')
    expect(asked).toHaveLength(2)
    expect(asked[1]?.expiration?.error).toContain('expired')
  })

  test("passes SharePoint's claims challenge to the host", async () => {
    served.sandbox.faults.set('picker.claims_challenge', { times: 1 })
    await isReady(await open())
    const [first, second] = await commands('authenticate')
    expect(first).not.toHaveProperty('claimsChallenge')
    const claims = second?.claimsChallenge?.claims ?? ''
    expect(JSON.parse(claims)).toMatchObject({ access_token: { nbf: { essential: true } } })
  })

  test('shows Microsoft’s exception when one token is used for all hosts', async () => {
    const picker = await open({}, () => mint(served.hosts.sharePoint))
    const notice = picker.getByRole('alert')
    await notice.waitFor()
    expect(await notice.textContent()).toContain('AudienceUriValidationFailedException')
  })

  test('shows why a host has no token, and may be retried', async () => {
    let refusals = 1
    const picker = await open({}, (resource) => (refusals-- > 0 ? null : mint(resource)))
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('alert').textContent()).toContain('No token for you.')
    await picker.getByRole('button', { name: 'Try again' }).click()
    await isReady(picker)
  })

  test('keeps the selection when the host rejects it', async () => {
    const picker = await open({ pickResult: 'unusableItem' })
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('checkbox', { name: 'notes.txt' }).check()
    await picker.getByRole('button', { name: 'Select' }).click()
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('checkbox', { name: 'notes.txt' }).isChecked()).toBe(true)
    expect(await picker.getByRole('button', { name: 'Select' }).isEnabled()).toBe(true)
  })

  test('stops waiting for a host that does not acknowledge', async () => {
    const picker = await open({ acknowledges: false, timeouts: { acknowledgeTimeout: 200 } })
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('alert').textContent()).toContain('did not acknowledge')
  })

  test('closes on Escape, and supports choosing by keyboard alone', async () => {
    const picker = await open()
    await picker.getByRole('button', { name: 'Documents' }).focus()
    await page.keyboard.press('Enter')
    await picker.getByRole('checkbox', { name: 'notes.txt' }).focus()
    await page.keyboard.press('Space')
    expect(await picker.locator('#summary').textContent()).toBe('notes.txt')
    await page.keyboard.press('Escape')
    await picker.locator('body[data-state=done]').waitFor()
    expect(await commands('close')).toHaveLength(1)
  })

  test("limits the selection to the host's maximum and file types", async () => {
    const picker = await open({
      options: {
        selection: { mode: 'multiple', maximumCount: 1 },
        typesAndSources: { mode: 'files', filters: ['.txt', 'photo'] },
      },
    })
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('checkbox', { name: 'notes.txt' }).check()
    await picker.getByRole('checkbox', { name: 'logo.png' }).check()
    expect(await picker.getByRole('button', { name: 'Select' }).isDisabled()).toBe(true)
    expect(await picker.locator('[data-item="Travel policy.pdf"]').count()).toBe(0)
  })

  test('replaces the selection when only one file may be chosen', async () => {
    const picker = await open({ options: { selection: { mode: 'single' } } })
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('radio', { name: 'notes.txt' }).check()
    await picker.getByRole('radio', { name: 'logo.png' }).check()
    expect(await picker.locator('#summary').textContent()).toBe('logo.png')
  })

  test('starts in the folder that the options name', async () => {
    const base = `${served.hosts.sharePoint}/sites/Marketing`
    const picker = await open({
      base,
      options: { entry: { sharePoint: { byPath: { web: '/sites/Marketing' } } } },
    })
    await picker.getByRole('button', { name: 'Plans' }).waitFor()
    expect((await commands('authenticate')).map((command) => command?.resource)).toEqual([
      served.hosts.sharePoint,
    ])
  })

  test('sends initialize again after a reload', async () => {
    const picker = await open()
    await isReady(picker)
    await page.frames()[1]?.evaluate('setTimeout(() => location.reload())')
    await page.waitForFunction('window.hellos === 2')
    await isReady(picker)
  })

  test('stays blank and sends no initialize without a token of its host', async () => {
    await open({ token: mint(served.hosts.graph) })
    await page.waitForFunction('window.hasLoaded')
    expect(page.frames()[1]?.url()).toMatch(/^chrome-error:/)
    expect(await page.evaluate('window.hellos')).toBe(0)
  })

  test('never sends initialize under picker.silent', async () => {
    served.sandbox.faults.set('picker.silent')
    const picker = await open()
    await picker.getByText('Waiting for the app').waitFor()
    await page.waitForTimeout(300)
    expect(await page.evaluate('window.hellos')).toBe(0)
  })

  test('forges messages, asks for foreign tokens and adds false items under picker.hostile', async () => {
    served.sandbox.faults.set('picker.hostile')
    const picker = await open({}, (resource) =>
      [served.hosts.oneDrive, served.hosts.sharePoint].includes(resource) ? mint(resource) : null,
    )
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('checkbox', { name: 'notes.txt' }).check()
    await picker.getByRole('button', { name: 'Select' }).click()
    await picker.locator('body[data-state=done]').waitFor()
    expect(await page.evaluate('window.strays')).toBeGreaterThan(5)
    expect(await picker.locator('body').getAttribute('data-leaks')).toBe('0')
    const resources = (await commands('authenticate')).map((command) => command?.resource)
    expect(resources).toContain('https://graph.microsoft.com')
    const [pick] = await commands('pick')
    expect(pick?.items).toHaveLength(7)
  })
})
