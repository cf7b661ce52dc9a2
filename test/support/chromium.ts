import { chromium, type Browser, type Page } from 'playwright-core'
import { findChromium } from './find-chromium.ts'
import type { ServedEntrada } from './workerd/served-entrada.ts'

/**
 * Starts headless Chromium.
 * @param switches as on its command line
 * @param without switches of Playwright's own that this browser starts without
 */
export async function launchChromium(
  switches: readonly string[] = [],
  without: readonly string[] = [],
): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) {
    throw new Error('no Chromium on this machine: apt-get install chromium, or set CHROMIUM')
  }
  return chromium.launch({ executablePath, args: [...switches], ignoreDefaultArgs: [...without] })
}

/** Opens the chat, picks the account, consents when asked, and waits until the chat is loaded. */
export async function signIn(page: Page, { origin }: ServedEntrada, principalName: string) {
  await page.goto(`${origin}/`)
  await page.locator(`button[name=account][value="${principalName}"]`).click()
  const consent = page.locator('button[name=decision][value=accept]')
  const isChat = () => new URL(page.url()).origin === origin
  await Promise.race([page.waitForURL(`${origin}/**`), consent.waitFor()])
  if (!isChat()) await consent.click()
  await page.waitForURL(`${origin}/**`)
}
