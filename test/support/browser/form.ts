import type { HTMLElement } from 'node-html-parser'
import type { Page } from './page.ts'

export interface FormChoice {
  /** Name and value of the pressed button. */
  readonly button?: readonly [name: string, value: string]
  /** Part of the form's action, for pages whose forms have the same button. */
  readonly action?: string
  /** Values typed into the form's fields. */
  readonly fields?: Readonly<Record<string, string>>
}

export interface Submission {
  readonly method: string
  readonly url: URL
  readonly body: URLSearchParams | FormData | null
}

/** The data a browser submits after the user fills in the form and presses the button. */
export function submissionOf(page: Page, choice: FormChoice): Submission {
  const form = findForm(page, choice)
  const button = choice.button === undefined ? null : findButton(form, choice.button)
  const entries = entriesOf(form, choice)
  const method = attribute(button, 'formmethod') ?? attribute(form, 'method') ?? 'get'
  const action = attribute(button, 'formaction') ?? attribute(form, 'action') ?? ''
  const url = new URL(action, page.url)
  if (method.toLowerCase() !== 'post') {
    url.search = new URLSearchParams(entries).toString()
    return { method: 'GET', url, body: null }
  }
  if (attribute(form, 'enctype') !== 'multipart/form-data') {
    return { method: 'POST', url, body: new URLSearchParams(entries) }
  }
  const body = new FormData()
  for (const [name, value] of entries) body.append(name, value)
  return { method: 'POST', url, body }
}

/** Whether the page has the button. */
export function hasButton(page: Page, button: readonly [string, string]): boolean {
  return page.html.querySelectorAll('form').some((form) => findButton(form, button) !== null)
}

function findForm(page: Page, { button, action }: FormChoice): HTMLElement {
  const forms = page.html.querySelectorAll('form').filter((form) => {
    if (button !== undefined && findButton(form, button) === null) return false
    return action === undefined || attribute(form, 'action')?.includes(action) === true
  })
  const [form] = forms
  if (form === undefined || forms.length > 1) {
    const wanted = JSON.stringify({ button, action })
    throw new Error(`${forms.length} forms fit ${wanted} on ${page.describe()}`)
  }
  return form
}

function findButton(form: HTMLElement, [name, value]: readonly [string, string]) {
  const inside = form.querySelectorAll('button, input[type=submit]')
  const id = attribute(form, 'id')
  // A button may be outside its form and refer to it by id.
  const outside = id === null ? [] : rootOf(form).querySelectorAll(`button[form="${id}"]`)
  const buttons = [...inside, ...outside]
  return (
    buttons.find((one) => attribute(one, 'name') === name && attribute(one, 'value') === value) ??
    null
  )
}

function entriesOf(form: HTMLElement, { button, fields = {} }: FormChoice): [string, string][] {
  const missing = new Set(Object.keys(fields))
  const entries: [string, string][] = []
  for (const control of form.querySelectorAll('input, select, textarea')) {
    const name = attribute(control, 'name')
    if (name === null || !isSent(control)) continue
    missing.delete(name)
    entries.push([name, fields[name] ?? valueOf(control)])
  }
  if (missing.size > 0) throw new Error(`the form has no field ${[...missing].join(', ')}`)
  return button === undefined ? entries : [...entries, [...button]]
}

function isSent(control: HTMLElement): boolean {
  const type = attribute(control, 'type')?.toLowerCase() ?? ''
  if (control.hasAttribute('disabled') || ['submit', 'button', 'image', 'reset'].includes(type)) {
    return false
  }
  return !['checkbox', 'radio'].includes(type) || control.hasAttribute('checked')
}

function valueOf(control: HTMLElement): string {
  if (control.tagName === 'TEXTAREA') return control.text
  if (control.tagName !== 'SELECT') {
    const isTick = attribute(control, 'type') === 'checkbox'
    return attribute(control, 'value') ?? (isTick ? 'on' : '')
  }
  const option = control.querySelector('option[selected]') ?? control.querySelector('option')
  return attribute(option, 'value') ?? option?.text ?? ''
}

function rootOf(element: HTMLElement): HTMLElement {
  return element.parentNode === null ? element : rootOf(element.parentNode)
}

function attribute(element: HTMLElement | null, name: string): string | null {
  return element?.getAttribute(name) ?? null
}
