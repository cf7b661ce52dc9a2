import type { Frame, FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

/* Microsoft’s page is hostile, or does not appear. */

let scene: PickerScene
let entrada: ServedEntrada
let page: Page

beforeAll(async () => {
  scene = await aPickerScene()
  ;({ entrada } = scene)
})
afterAll(() => scene.close())

beforeEach(async () => {
  page = await scene.newPage()
  await page.goto(entrada.origin)
})

afterEach(async () => {
  entrada.sandbox.faults.clear()
  await page.context().close()
})

/** Sends `initialize` from that frame, as Microsoft's page does, and collects the messages that come back. */
async function sayHello(frame: Frame, channelId: string): Promise<unknown> {
  return frame.evaluate(async (channel) => {
    const heard: unknown[] = []
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', (event) => heard.push(event.data))
    port1.start()
    window.parent.postMessage({ type: 'initialize', channelId: channel }, '*', [port2])
    await new Promise((resolve) => setTimeout(resolve, 400))
    return heard
  }, channelId)
}

describe('with a hostile page', () => {
  test('ignores forged messages and gives foreign resources no token [requirement 93]', async () => {
    entrada.sandbox.faults.set('picker.hostile')
    await page.click('#open-picker')
    const picker = pickerIn(page)
    await choose(picker, 'Documents', 'notes.txt')
    expect(await picker.locator('body').getAttribute('data-leaks')).toBe('0')
    expect(await picker.locator('body').getAttribute('data-probe')).toBe('unsupportedCommand')
    expect(await page.locator('#picker').isVisible()).toBe(true)
    await press(picker, 'pick')
    // Malformed items are skipped.
    await expect.poll(async () => page.locator('.chip').count(), PATIENT).toBe(1)
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(1)
  })

  test('answers only the opened frame with its host and channel [requirement 93]', async () => {
    entrada.sandbox.faults.set('picker.silent')
    await page.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test`)
    const { oneDrive, sharePoint } = entrada.hosts
    await page.waitForURL('**/picker?*')
    await expect.poll(() => pickerFrame(page).url(), PATIENT).toContain('FilePicker.aspx')
    const frame = pickerFrame(page)
    const options: unknown = JSON.parse(new URL(frame.url()).searchParams.get('filePicker') ?? '')
    expect(options).toMatchObject({ messaging: { channelId: expect.any(String) } })
    const channelId = /"channelId":"([^"]+)"/.exec(JSON.stringify(options))?.[1] ?? ''

    expect(await sayHello(frame, 'another channel')).toEqual([])
    expect(await sayHello(page.mainFrame(), channelId)).toEqual([])
    await page.evaluate((src) => {
      const other = document.createElement('iframe')
      other.name = 'other'
      other.src = src
      document.body.appendChild(other)
    }, `${oneDrive}/nothing`)
    await expect.poll(() => page.frame('other')?.url(), PATIENT).toBe(`${oneDrive}/nothing`)
    expect(await sayHello(page.frame('other') ?? frame, channelId)).toEqual([])
    await frame.goto(`${sharePoint}/nothing`)
    expect(await sayHello(frame, channelId)).toEqual([])
    expect(await page.locator('#picker-overlay').isVisible()).toBe(true)

    await frame.goto(`${oneDrive}/nothing`)
    expect(await sayHello(frame, channelId)).toEqual([{ type: 'activate' }])
    expect(await page.locator('#picker-overlay').isVisible()).toBe(false)
  })

  test('is shown in frames of its own origin only [requirement 76]', async () => {
    // Another origin of the same site, so that the browser sends the session's cookie.
    await page.route('http://localhost:9/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Other</title>' }),
    )
    await page.goto('http://localhost:9/')
    await page.evaluate((src) => {
      const frame = document.createElement('iframe')
      frame.src = src
      document.body.appendChild(frame)
    }, `${entrada.origin}/.entrada/picker?channel=channel-under-test`)
    await expect.poll(() => page.frames()[1]?.url(), PATIENT).toMatch(/^chrome-error:/)
  })

  test('does not send the choice to an opener of another origin', async () => {
    await page.route('http://localhost:9/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Other</title>' }),
    )
    await page.goto('http://localhost:9/')
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate((address) => {
        addEventListener('message', ({ data }) => (document.title = JSON.stringify(data)))
        window.open(address)
      }, `${entrada.origin}/.entrada/picker?channel=channel-under-test`),
    ])
    const picker = popup.frameLocator('#picker-stage iframe')
    await choose(picker, 'Documents', 'notes.txt')
    expect(await popup.evaluate(() => window.opener !== null)).toBe(true)
    await press(picker, 'pick')
    await expect.poll(() => popup.isClosed(), PATIENT).toBe(true)
    expect(await page.title()).toBe('Other')
  })

  test('leaves no token in the page', async () => {
    await page.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test`)
    await page.frameLocator('#picker-stage iframe').locator('[data-item="Documents"]').waitFor()
    const left = await page.evaluate(() =>
      [
        document.documentElement.outerHTML,
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
        document.cookie,
        location.href,
      ].join('\n'),
    )
    expect(left).not.toContain('sandbox-access')
    expect(page.frames().every((frame) => !frame.url().includes('sandbox-access'))).toBe(true)
  })
})

describe('when Microsoft’s page does not appear', () => {
  const SOON = 16_000

  /** The frame stays blank twice; the page then offers a window. */
  async function twiceBlank(): Promise<FrameLocator> {
    entrada.sandbox.faults.set('picker.blank')
    await page.clock.install()
    await page.click('#open-picker')
    const own = ownPageIn(page)
    await own.locator('#picker-stage iframe').waitFor()
    await page.clock.fastForward(SOON)
    await own.locator('#picker-stage iframe').waitFor()
    await page.clock.fastForward(SOON)
    await own.getByRole('button', { name: 'Open in a window' }).waitFor()
    return own
  }

  async function pickerInWindow(): Promise<Page> {
    const own = await twiceBlank()
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      own.getByRole('button', { name: 'Open in a window' }).click(),
    ])
    return popup
  }

  test('tries once more with a new token', async () => {
    entrada.sandbox.faults.set('picker.blank', { times: 1 })
    await page.clock.install()
    await page.click('#open-picker')
    await ownPageIn(page).getByText('Opening your files').waitFor()
    const frame = page.locator('#picker-frame').contentFrame().locator('#picker-stage iframe')
    await frame.waitFor()
    const minted = entrada.sandbox.accessTokens.minted.length
    await page.clock.fastForward(SOON)
    await choose(pickerIn(page), 'Documents', 'notes.txt')
    expect(entrada.sandbox.accessTokens.minted.length).toBeGreaterThan(minted)
  })

  test('offers a separate window, and the choice arrives from there', async () => {
    const popup = await pickerInWindow()
    await popup.locator('[data-item="Documents"]').click()
    await popup.locator('[data-item="notes.txt"] input').check()
    await press(popup, 'pick')
    await expect.poll(chips(page, 'ready'), PATIENT).toBe(1)
    await expect.poll(() => popup.isClosed(), PATIENT).toBe(true)
  })

  test('asks Graph for the hosts again when the person tries again', async () => {
    const own = await twiceBlank()
    entrada.sandbox.faults.clear()
    entrada.sandbox.journal.clear()
    await own.getByRole('button', { name: 'Try again' }).click()
    await choose(pickerIn(page), 'Documents', 'notes.txt')
    expect(entrada.sandbox.journal.to('graph', '/v1.0/me/drive')).toHaveLength(1)
  })

  test('ends when the window is closed without a choice', async () => {
    const popup = await pickerInWindow()
    await popup.locator('[data-item="Documents"]').waitFor()
    await popup.close()
    await page.clock.fastForward(1000)
    await page.locator('#picker').waitFor({ state: 'hidden' })
  })

  test('reports a window that isolates itself, instead of ending', async () => {
    await page.context().route('**/FilePicker.aspx*', async (route) => {
      const response = await route.fetch()
      const headers = { ...response.headers(), 'cross-origin-opener-policy': 'same-origin' }
      await route.fulfill({ response, headers })
    })
    await pickerInWindow()
    await expect
      .poll(async () => {
        await page.clock.fastForward(1000)
        return ownPageIn(page).getByRole('heading').textContent()
      }, PATIENT)
      .toBe('The file picker did not appear')
    expect(await page.locator('#picker').isVisible()).toBe(true)
  })

  test('continues after Microsoft’s page reloads', async () => {
    await page.goto(`${entrada.origin}/.entrada/picker?channel=channel-under-test`)
    const picker = page.frameLocator('#picker-stage iframe')
    await picker.locator('[data-item="Documents"]').waitFor()
    const heard = resultIn(page)
    await picker.locator('body').evaluate(() => location.reload())
    await picker.locator('[data-item="Documents"]').waitFor()
    await choose(picker, 'Documents', 'notes.txt')
    await press(picker, 'pick')
    expect(await heard).toMatchObject({ type: 'entrada:picked', channel: 'channel-under-test' })
  })
})
