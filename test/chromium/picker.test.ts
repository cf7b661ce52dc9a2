import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../sandbox/drives/cast-files.ts'
import type { StoredItem } from '../sandbox/drives/drive-item.ts'
import { signIn } from '../support/chromium.ts'
import type { ServedEntrada } from '../support/workerd/served-entrada.ts'
import {
  aPickerScene,
  chips,
  choose,
  ownPageIn,
  PATIENT,
  pickerFrame,
  pickerIn,
  press,
  resultIn,
  type PickerScene,
} from './picker-fixture.ts'

let scene: PickerScene
let entrada: ServedEntrada
let chromium: Browser
let page: Page
let complaints: string[]

beforeAll(async () => {
  scene = await aPickerScene()
  ;({ entrada, chromium } = scene)
})
afterAll(() => scene.close())

beforeEach(async () => {
  complaints = []
  page = await scene.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(entrada.origin)
})

afterEach(async () => {
  entrada.sandbox.faults.clear()
  await page.context().close()
})

/** The bearers that each host got: pairs of origin and audience. */
function bearersSeen(): readonly (readonly [origin: string, audience: string])[] {
  const { journal, accessTokens } = entrada.sandbox
  return journal.all.flatMap(({ url, headers, form }) => {
    const bearer = headers.get('authorization')?.replace(/^Bearer /, '')
    return [bearer, form.get('access_token')].flatMap((token) => {
      const grant = token ? accessTokens.find(token) : null
      return grant === null ? [] : [[url.origin, grant.audience] as const]
    })
  })
}

async function sha256(item: StoredItem): Promise<string> {
  const bytes = await new Response(entrada.sandbox.drives.content(item)).arrayBuffer()
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex')
}

function adeles(path: string): StoredItem {
  const { drives } = entrada.sandbox
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return drives.at(drive, path)
}

function marketing(path: string): StoredItem {
  const { drives } = entrada.sandbox
  return drives.at(drives.siteDrive('Marketing'), path)
}

/** Expires every token of a host without telling its holders. */
function expireTokens(origin: string): void {
  const { accessTokens } = entrada.sandbox
  for (const token of accessTokens.minted) {
    const grant = accessTokens.find(token)
    if (grant?.audience === origin) Object.assign(grant, { expiresAt: Date.now() - 1000 })
  }
}

describe('in the demo chat', () => {
  test('attaches files from two hosts and a shortcut, also when a token expires in between', async () => {
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await choose(picker, 'Documents', 'Quarterly report.docx')
    await choose(picker, 'notes.txt')
    expireTokens(entrada.hosts.oneDrive)
    await picker.locator('[data-pivot=oneDrive]').click()
    await choose(picker, 'Special', 'Marketing plan.docx')
    const shown = entrada.sandbox.journal
      .to('oneDrive', '/_api')
      .map(({ headers }) => headers.get('authorization'))
    expect(new Set(shown.filter((bearer) => bearer !== null)).size).toBe(2)
    await picker.locator('[data-pivot=sites]').click()
    await choose(picker, 'Marketing & Communications', 'Campaign', 'Poster.png')
    await press(picker, 'pick')
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(4)
    const texts = await page.locator('.chip').allTextContents()
    for (const item of [
      adeles(ADELE_FILES.report),
      adeles(ADELE_FILES.text),
      marketing('Plans/Marketing plan.docx'),
      marketing('Campaign/Poster.png'),
    ]) {
      const hash = (await sha256(item)).slice(0, 8)
      expect(
        texts.filter((text) => text.includes(hash)),
        item.name,
      ).toHaveLength(1)
    }
    expect(complaints).toEqual([])
  })

  test('sends each bearer only to its own host [requirement 90]', async () => {
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await choose(picker, 'Documents', 'notes.txt')
    await picker.locator('[data-pivot=sites]').click()
    await choose(picker, 'Marketing & Communications', 'Campaign', 'Poster.png')
    await press(picker, 'pick')
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(2)
    const bearers = bearersSeen()
    const audiences = new Set(bearers.map(([, audience]) => audience))
    expect(audiences).toContain(entrada.hosts.oneDrive)
    expect(audiences).toContain(entrada.hosts.sharePoint)
    expect(audiences).toContain(entrada.hosts.graph)
    for (const [origin, audience] of bearers) expect(origin).toBe(audience)
  })

  test('attaches files of two regions, each host with its own bearer [requirement 90]', async () => {
    const other = await (await chromium.newContext()).newPage()
    try {
      await signIn(other, entrada, CAST.megan.userPrincipalName)
      entrada.sandbox.journal.clear()
      await other.click('#open-picker')
      const picker = pickerIn(other)
      await choose(picker, 'Private', 'Salaries.xlsx')
      expect(other.frames().map((frame) => new URL(frame.url()).origin)).toContain(
        entrada.hosts.oneDriveEurope,
      )
      expireTokens(entrada.hosts.oneDriveEurope)
      await picker.locator('[data-pivot=oneDrive]').click()
      await choose(picker, 'Links', 'Phone list.csv')
      await picker.locator('[data-pivot=sites]').click()
      await choose(picker, 'Berlin office', 'Keys.xlsx')
      await picker.locator('[data-pivot=sites]').click()
      await choose(picker, 'Contoso', 'Employee handbook.pdf')
      await press(picker, 'pick')
      const ready = () => other.locator('.chip[data-state=ready]').count()
      await expect.poll(ready, PATIENT).toBe(4)
      const texts = (await other.locator('.chip').allTextContents()).join('\n')
      const { drives } = entrada.sandbox
      const own = drives.oneDriveOf(CAST.megan.id)
      if (own === null) throw new Error('Megan has a OneDrive')
      for (const item of [
        drives.at(own, 'Private/Salaries.xlsx'),
        drives.at(drives.siteDrive('root'), 'Phone list.csv'),
        drives.at(drives.siteDrive('Berlin'), 'Keys.xlsx'),
        drives.at(drives.siteDrive('root'), 'Employee handbook.pdf'),
      ]) {
        expect(texts, item.name).toContain((await sha256(item)).slice(0, 8))
      }
      const bearers = bearersSeen()
      for (const [origin, audience] of bearers) expect(origin).toBe(audience)
      const { oneDriveEurope, sharePointEurope, sharePoint } = entrada.hosts
      for (const host of [oneDriveEurope, sharePointEurope, sharePoint]) {
        expect(bearers.map(([origin]) => origin)).toContain(host)
      }
      expect(bearers.map(([origin]) => origin)).not.toContain(entrada.hosts.oneDrive)
    } finally {
      await other.context().close()
    }
  })

  test('answers SharePoint’s claims challenge with a token that has the claims', async () => {
    entrada.sandbox.journal.clear()
    entrada.sandbox.faults.set('picker.claims_challenge', { times: 1 })
    await page.click('#open-picker')
    await choose(pickerIn(page), 'Documents', 'notes.txt')
    const claims = entrada.sandbox.journal
      .redemptions('refresh_token')
      .map(({ form }) => form.get('claims') ?? '')
    expect(claims.filter((one) => one.includes('"nbf"'))).toHaveLength(1)
  })

  test('explains the consent that a site needs, links to it, and keeps the choice', async () => {
    // A new session, which has no token for the sites yet.
    await page.context().clearCookies()
    await signIn(page, entrada, CAST.adele.userPrincipalName)
    await page.click('#open-picker')
    const picker = pickerIn(page)
    const own = ownPageIn(page)
    await choose(picker, 'Documents', 'notes.txt')
    entrada.sandbox.faults.set('entra.conditional_access')
    await picker.locator('[data-pivot=sites]').click()
    await own.getByRole('heading', { name: 'Microsoft asks you to sign in again' }).waitFor()
    const [remedy] = await Promise.all([
      page.waitForEvent('popup'),
      own.getByRole('button', { name: 'Continue' }).click(),
    ])
    await remedy.close()
    entrada.sandbox.faults.clear()
    await own.getByRole('button', { name: 'Back to the files' }).click()
    await picker.locator('[data-pivot=oneDrive]').click()
    await picker.locator('[data-item="Documents"]').waitFor()
    await press(picker, 'pick')
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(1)
  })

  test('changes nothing in the chat when the picker is closed', async () => {
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await picker.locator('[data-item="Documents"]').waitFor()
    await press(picker, 'close')
    await page.locator('#picker').waitFor({ state: 'hidden' })
    expect(await page.locator('.chip').count()).toBe(0)
  })

  test('changes nothing in the chat when the person cancels while Microsoft does not respond', async () => {
    entrada.sandbox.faults.set('picker.silent')
    await page.click('#open-picker')
    await ownPageIn(page).getByRole('button', { name: 'Cancel' }).click()
    await page.locator('#picker').waitFor({ state: 'hidden' })
    expect(await page.locator('.chip').count()).toBe(0)
  })

  test('cancels the download of a file that the person removes', async () => {
    entrada.sandbox.faults.set('files.slow', { delayMs: 200 })
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await choose(picker, 'Big', 'recording.mp4')
    await press(picker, 'pick')
    await page.locator('.chip[data-state=fetching]').getByRole('button').click()
    await expect
      .poll(() => entrada.logs.events('file_downloaded').map((event) => event['result']), PATIENT)
      .toEqual(['cancelled'])
  })

  test('attaches the other files when one fails', async () => {
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await choose(picker, 'Special', 'Invoice.docm')
    await choose(picker, 'Locked.xlsx')
    await picker.locator('[data-pivot=oneDrive]').click()
    await choose(picker, 'Documents', 'notes.txt')
    await press(picker, 'pick')
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(1)
    await expect.poll(chips(page, 'failed'), PATIENT).toBe(2)
    expect((await page.locator('.chip').allTextContents()).join('\n')).toContain('malware')
  })
})

describe('on its own', () => {
  test('sends the choice to a page in another window without an opener', async () => {
    const channel = 'channel-under-test'
    const heard = resultIn(page)
    const other = await page.context().newPage()
    await other.goto(`${entrada.origin}/.entrada/picker?channel=${channel}&mode=single&types=.txt`)
    const picker = other.frameLocator('#picker-stage iframe')
    await choose(picker, 'Documents', 'notes.txt')
    expect(await picker.locator('[data-item="Travel policy.pdf"]').count()).toBe(0)
    await press(picker, 'pick')
    const { driveId, id } = adeles(ADELE_FILES.text)
    expect(await heard).toEqual({
      type: 'entrada:picked',
      channel,
      items: [expect.objectContaining({ driveId, id, name: 'notes.txt' })],
    })
  })

  test('passes the chat app’s parameters to Microsoft’s page, without the token in the URL', async () => {
    const wishes = 'start=recent&max=3&types=.txt,photo&locale=de-DE'
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test&${wishes}`)
    await expect.poll(() => pickerFrame(page).url(), PATIENT).toContain('FilePicker.aspx')
    const { origin, searchParams } = new URL(pickerFrame(page).url())
    expect(origin).toBe(entrada.hosts.oneDrive)
    expect([...searchParams.keys()].toSorted()).toEqual(['filePicker', 'locale'])
    expect(searchParams.get('locale')).toBe('de-de')
    expect(JSON.parse(searchParams.get('filePicker') ?? '')).toMatchObject({
      sdk: '8.0',
      theme: 'dark',
      entry: { oneDrive: { recent: {} } },
      messaging: { origin: entrada.origin, channelId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      selection: { mode: 'multiple', maximumCount: 3 },
      typesAndSources: { filters: ['.txt', 'photo'] },
    })
  })

  test('starts with the sites on request', async () => {
    await page.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test&start=sites`)
    const picker = page.frameLocator('#picker-stage iframe')
    await picker.locator('[data-item="Marketing & Communications"]').waitFor()
  })

  test('closes on Escape before Microsoft’s page has loaded', async () => {
    entrada.sandbox.faults.set('picker.silent')
    const heard = resultIn(page)
    const other = await page.context().newPage()
    await other.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test`)
    await other.getByRole('button', { name: 'Cancel' }).waitFor()
    await other.keyboard.press('Escape')
    expect(await heard).toEqual({ type: 'entrada:closed', channel: 'channel-under-test' })
  })

  test('explains in a frame why it cannot open', async () => {
    const { entra } = entrada.sandbox
    entra.revokeAdminConsent(entrada.hosts.graph, ['Files.Read.All', 'Sites.Read.All'])
    const other = await (await chromium.newContext()).newPage()
    try {
      await signIn(other, entrada, CAST.adele.userPrincipalName)
      await other.click('#open-picker')
      const own = ownPageIn(other)
      await own.getByRole('heading', { name: 'This feature needs your permission' }).waitFor()
      await own.getByRole('button', { name: 'Continue' }).waitFor()
      await own
        .getByRole('button', { name: 'Cancel' })
        .evaluate((element: HTMLElement) => void setTimeout(() => element.click()))
      await other.locator('#picker').waitFor({ state: 'hidden' })
    } finally {
      entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
      await other.context().close()
    }
  })

  test('explains missing consent and names the consent page', async () => {
    const { entra } = entrada.sandbox
    entra.revokeAdminConsent(entrada.hosts.sharePoint)
    try {
      const other = await (await chromium.newContext()).newPage()
      await signIn(other, entrada, CAST.adele.userPrincipalName)
      await other.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test`)
      await other.getByRole('heading', { name: 'This feature needs your permission' }).waitFor()
      await other.getByRole('button', { name: 'Continue' }).waitFor()
      await other.context().close()
    } finally {
      entra.grantAdminConsent(['MyFiles.Read', 'AllSites.Read'], entrada.hosts.sharePoint)
    }
  })
})
