import type { Problem } from './token-client.ts'

export interface Action {
  readonly label: string
  readonly run: () => void
  readonly isQuiet?: boolean
}

/** A frame or window that Microsoft's page can appear in. */
export interface Target {
  readonly name: string
  readonly window: Window
}

const overlay = find('overlay')
const heading = find('heading')
const text = find('text')
const facts = find('facts')
const buttons = find('actions')
const stage = find('stage')

/** An empty frame to show Microsoft's page in; takes the place of the one before. */
export function newFrame(): Target {
  const name = newName()
  const frame = document.createElement('iframe')
  Object.assign(frame, {
    name,
    title: document.title,
    // Everything the picker needs, and no way to send the chat's window elsewhere.
    sandbox:
      'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox',
  })
  stage.replaceChildren(frame)
  if (frame.contentWindow === null) throw new Error('a frame in a document has a window')
  return { name, window: frame.contentWindow }
}

export function newName(): string {
  return `picker-${crypto.randomUUID()}`
}

export function removeFrame(): void {
  stage.replaceChildren()
}

export function showPicker(): void {
  overlay.hidden = true
}

/** Says something of our own before, beside or instead of Microsoft's picker. */
export function say({ title, detail, code, requestId }: Problem, actions: readonly Action[]): void {
  heading.textContent = title
  text.textContent = detail ?? ''
  facts.textContent = code === undefined ? '' : `${code} · ${requestId ?? ''}`
  offer(actions)
}

/** With what is said already. */
export function offer(actions: readonly Action[]): void {
  const made = actions.map(button)
  buttons.replaceChildren(...made)
  overlay.hidden = false
  made[0]?.focus()
}

function button({ label, run, isQuiet = false }: Action): HTMLElement {
  return Object.assign(document.createElement('button'), {
    type: 'button',
    className: isQuiet ? 'button quiet' : 'button',
    textContent: label,
    onclick: run,
  })
}

function find(part: string): HTMLElement {
  const found = document.getElementById(`picker-${part}`)
  if (found === null) throw new Error(`the page has no ${part}`)
  return found
}
