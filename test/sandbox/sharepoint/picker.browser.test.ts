import type { Browser, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { type ServedSandbox, serveSandbox } from '../serve.ts'
import { type HostSetup, type PickerHost, servePickerHost, type Told } from './picker-host.ts'

/** A browser on a busy machine takes its time. */
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

  /** Opens the picker; `token` is asked for every `authenticate`, `null` meaning refusal. */
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

  test('files of OneDrive and of a site are picked, each host with a token of its own', async () => {
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

  test('it says when it is ready, and asks for what no host knows', async () => {
    const picker = await open()
    await isReady(picker)
    const notifications = (await told()).filter(({ type }) => type === 'notification')
    expect(notifications.map(({ data }) => data?.notification)).toEqual(['page-loaded'])
    expect(await picker.locator('body').getAttribute('data-probe')).toBe('unsupportedCommand')
  })

  test('of a shortcut it hands on what is guaranteed and nothing else', async () => {
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

  test('a token that has expired is asked for again, with the reason', async () => {
    const times = [Date.now() - 1, Date.now() + 60_000]
    await isReady(await open({}, (resource) => mint(resource, times.shift())))
    const asked = await commands('authenticate')
    expect(asked).toHaveLength(2)
    expect(asked[1]?.expiration?.error).toContain('expired')
  })

  test('a claims challenge of SharePoint is handed on to the host', async () => {
    served.sandbox.faults.set('picker.claims_challenge', { times: 1 })
    await isReady(await open())
    const [first, second] = await commands('authenticate')
    expect(first).not.toHaveProperty('claimsChallenge')
    const claims = second?.claimsChallenge?.claims ?? ''
    expect(JSON.parse(claims)).toMatchObject({ access_token: { nbf: { essential: true } } })
  })

  test('one token for all hosts ends in Microsoft’s exception', async () => {
    const picker = await open({}, () => mint(served.hosts.sharePoint))
    const notice = picker.getByRole('alert')
    await notice.waitFor()
    expect(await notice.textContent()).toContain('AudienceUriValidationFailedException')
  })

  test('a host without a token for it says why, and may be asked again', async () => {
    let refusals = 1
    const picker = await open({}, (resource) => (refusals-- > 0 ? null : mint(resource)))
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('alert').textContent()).toContain('No token for you.')
    await picker.getByRole('button', { name: 'Try again' }).click()
    await isReady(picker)
  })

  test('what the host does not take stays chosen', async () => {
    const picker = await open({ pickResult: 'unusableItem' })
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('checkbox', { name: 'notes.txt' }).check()
    await picker.getByRole('button', { name: 'Select' }).click()
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('checkbox', { name: 'notes.txt' }).isChecked()).toBe(true)
    expect(await picker.getByRole('button', { name: 'Select' }).isEnabled()).toBe(true)
  })

  test('a host that does not acknowledge is given up on', async () => {
    const picker = await open({ acknowledges: false, timeouts: { acknowledgeTimeout: 200 } })
    await picker.getByRole('alert').waitFor()
    expect(await picker.getByRole('alert').textContent()).toContain('did not acknowledge')
  })

  test('Escape closes, and the keyboard alone is enough to choose', async () => {
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

  test('no more files than the host takes, and only of its kinds', async () => {
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

  test('for a single file the choice is one or the other', async () => {
    const picker = await open({ options: { selection: { mode: 'single' } } })
    await picker.getByRole('button', { name: 'Documents' }).click()
    await picker.getByRole('radio', { name: 'notes.txt' }).check()
    await picker.getByRole('radio', { name: 'logo.png' }).check()
    expect(await picker.locator('#summary').textContent()).toBe('logo.png')
  })

  test('it begins where it was told to', async () => {
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

  test('a reload sends initialize again', async () => {
    const picker = await open()
    await isReady(picker)
    await page.frames()[1]?.evaluate('setTimeout(() => location.reload())')
    await page.waitForFunction('window.hellos === 2')
    await isReady(picker)
  })

  test('without a token of its host the frame stays blank and sends no initialize', async () => {
    await open({ token: mint(served.hosts.graph) })
    await page.waitForFunction('window.hasLoaded')
    expect(page.frames()[1]?.url()).toMatch(/^chrome-error:/)
    expect(await page.evaluate('window.hellos')).toBe(0)
  })

  test('picker.silent never says hello', async () => {
    served.sandbox.faults.set('picker.silent')
    const picker = await open()
    await picker.getByText('Waiting for the app').waitFor()
    await page.waitForTimeout(300)
    expect(await page.evaluate('window.hellos')).toBe(0)
  })

  test('picker.hostile forges messages, asks for foreign tokens and adds items that lie', async () => {
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
