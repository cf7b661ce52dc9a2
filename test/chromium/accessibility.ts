import type { Page } from 'playwright-core'

export interface PageReport {
  readonly headings: number
  readonly mains: number
  readonly language: string
  readonly title: string
  /** Texts whose contrast is too low, with the ratio. */
  readonly faint: readonly string[]
  /** Links and buttons without a text. */
  readonly nameless: number
  /** Elements wider than the window. */
  readonly overflows: boolean
}

/** Violations of WCAG 2.2 AA that computed styles show. */
export function inspect(page: Page): Promise<PageReport> {
  return page.evaluate(() => {
    type Colour = readonly [number, number, number, number]
    const parse = (text: string): Colour => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
      return [red, green, blue, alpha]
    }
    const luminance = ([red, green, blue]: Colour) => {
      const [r = 0, g = 0, b = 0] = [red, green, blue].map((channel) => {
        const value = channel / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element: Element | null): Colour => {
      if (element === null) return [255, 255, 255, 1]
      const colour = parse(getComputedStyle(element).backgroundColor)
      return colour[3] === 0 ? behind(element.parentElement) : colour
    }
    const ratio = (one: number, other: number) =>
      (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    const faint: string[] = []
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      const text = own.map((node) => node.textContent?.trim() ?? '').join('')
      const style = getComputedStyle(element)
      if (text === '' || style.visibility === 'hidden' || style.display === 'none') continue
      if (element instanceof HTMLElement && element.offsetParent === null) continue
      const found = ratio(luminance(parse(style.color)), luminance(behind(element)))
      if (found < 4.5) faint.push(`${text.slice(0, 40)}: ${found.toFixed(2)}`)
    }
    const named = [...document.querySelectorAll('a, button')]
    return {
      headings: document.querySelectorAll('h1').length,
      mains: document.querySelectorAll('main').length,
      language: document.documentElement.lang,
      title: document.title,
      faint,
      nameless: named.filter(({ textContent }) => textContent?.trim() === '').length,
      overflows: document.documentElement.scrollWidth > window.innerWidth,
    }
  })
}

/** Presses Tab through the page. Returns every focused element and whether its focus is visible. */
export async function focusStops(page: Page): Promise<readonly { name: string; shown: boolean }[]> {
  const count = await page.locator('a, button, summary').count()
  const stops: { name: string; shown: boolean }[] = []
  for (let stop = 0; stop < count; stop++) {
    await page.keyboard.press('Tab')
    stops.push(
      await page.evaluate(() => {
        const element = document.activeElement
        const style = element === null ? null : getComputedStyle(element)
        return {
          name: element?.textContent?.trim() ?? '',
          shown: style !== null && style.outlineStyle !== 'none' && style.outlineWidth !== '0px',
        }
      }),
    )
  }
  return stops
}
