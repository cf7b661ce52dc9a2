/** Text that may stand in a page as it is: written by us, or escaped on its way in. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Content = string | Markup | readonly Content[] | undefined

/** Markup in which every value is escaped, in text and in quoted attributes, unless it is markup itself. */
export function html(written: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: written }, ...values.map(textOf)))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function textOf(value: Content): string {
  if (value === undefined) return ''
  if (value instanceof Markup) return value.text
  if (typeof value !== 'string') return value.map(textOf).join('')
  return value.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '')
}
