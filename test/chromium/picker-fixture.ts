import type { Browser, Frame, FrameLocator, Page } from 'playwright-core'
import { CAST } from '../sandbox/directory/cast.ts'
import { launchChromium, signIn } from '../support/chromium.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

/** Entrada and a browser with a signed-in person, shared by the tests of a file. */
export interface PickerScene {
  readonly entrada: ServedEntrada
  readonly chromium: Browser
  /** A page in which Adele is signed in. */
  newPage(): Promise<Page>
  close(): Promise<void>
}

export async function aPickerScene(): Promise<PickerScene> {
  // One person opens the picker in every test, which would exceed the usual rate limit.
  const entrada = await serveEntrada({ settings: { RATE_LIMITS: '{"picker":{"perMinute":1000}}' } })
  const { entra } = entrada.sandbox
  entra.grantAdminConsent(['Files.Read.All', 'Sites.Read.All'])
  entra.grantAdminConsent(['MyFiles.Read', 'AllSites.Read'], entrada.hosts.sharePoint)
  const chromium = await launchChromium()
  const context = await chromium.newContext()
  await signIn(await context.newPage(), entrada, CAST.adele.userPrincipalName)
  const signedIn = await context.storageState()
  await context.close()
  return {
    entrada,
    chromium,
    newPage: async () => (await chromium.newContext({ storageState: signedIn })).newPage(),
    async close() {
      await chromium.close()
      await entrada.close()
    },
  }
}

/** Long enough for a busy machine. */
export const PATIENT = { timeout: 15_000 }

export function chips(page: Page, state: 'ready' | 'failed'): () => Promise<number> {
  return async () => page.locator(`.chip[data-state=${state}]`).count()
}

/** Microsoft's picker inside Entrada's page inside the chat app's dialog. */
export function pickerIn(where: Page): FrameLocator {
  return where.frameLocator('#picker-frame').frameLocator('#picker-stage iframe')
}

export function ownPageIn(where: Page): FrameLocator {
  return where.frameLocator('#picker-frame')
}

export async function choose(picker: FrameLocator, ...path: readonly string[]): Promise<void> {
  for (const [index, name] of path.entries()) {
    const row = picker.locator(`[data-item="${name}"]`)
    await row.waitFor()
    if (index === path.length - 1) await row.locator('input').check()
    else await row.locator('button, .row').first().click()
  }
}

/** Clicks by script: the frame disappears during the click, and Playwright's own click would never return. */
export async function press(picker: FrameLocator | Page, action: 'pick' | 'close'): Promise<void> {
  const button = picker.locator(`[data-action=${action}]:enabled`)
  await button
    .evaluate((element: HTMLElement) => void setTimeout(() => element.click()))
    .catch((cause: unknown) => {
      // The click closes the picker, which can detach its frame before the evaluation has been reported.
      if (!String(cause).includes('detached')) throw cause
    })
}

/** Microsoft's frame when the picker page has its own tab. */
export function pickerFrame(page: Page): Frame {
  const [frame] = page.mainFrame().childFrames()
  if (frame === undefined) throw new Error('the page has a frame for the picker')
  return frame
}

/** The messages that a page of the same origin gets over the broadcast channel. */
export function resultIn(where: Page): Promise<unknown> {
  return where.evaluate(
    () =>
      new Promise((resolve) => {
        const channel = new BroadcastChannel('entrada-picker')
        channel.addEventListener('message', (event) => resolve(event.data))
      }),
  )
}
