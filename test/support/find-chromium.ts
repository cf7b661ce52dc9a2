import { existsSync } from 'node:fs'

/** Where distributions install it. Playwright's own download needs a network. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of a Chromium to test with, `null` when this machine has none or `CHROMIUM` says `none`. */
export function findChromium(): string | null {
  const chosen = process.env['CHROMIUM']
  if (chosen === 'none') return null
  return chosen ?? PLACES.find((place) => existsSync(place)) ?? null
}

/** Whether a missing browser is a failure, as it is on a build server. */
export function mustHaveChromium(): boolean {
  return process.env['CI'] === 'true'
}
