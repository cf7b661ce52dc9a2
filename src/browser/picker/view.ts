import type { Problem } from './token-client.ts'

/** A button. */
export interface Action {
  readonly label: string
  readonly run: () => void
  readonly isQuiet?: boolean
}

/** A frame or window for Microsoft's page. */
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

/** Adds an empty frame for Microsoft's page and removes an earlier one. */
export function newFrame(): Target {
  const name = newName()
  const frame = document.createElement('iframe')
  Object.assign(frame, {
    name,
    title: document.title,
    // All that the picker needs; without `allow-top-navigation` it cannot navigate the chat app's window.
    sandbox:
      'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox',
  })
  stage.replaceChildren(frame)
  if (frame.contentWindow === null) throw new Error('the frame has no window')
  return { name, window: frame.contentWindow }
}

/** A window name that no other frame or window has. */
export function newName(): string {
  return `picker-${crypto.randomUUID()}`
}

/** Removes the frame with Microsoft's page. */
export function removeFrame(): void {
  stage.replaceChildren()
}

/** Hides the message, so that the picker is visible. */
export function showPicker(): void {
  overlay.hidden = true
}

/** Shows a message with buttons, in front of the picker. */
export function showMessage(
  { title, detail, code, requestId }: Problem,
  actions: readonly Action[],
): void {
  heading.textContent = title
  text.textContent = detail ?? ''
  facts.textContent = code === undefined ? '' : `${code} · ${requestId ?? ''}`
  showActions(actions)
}

/** Replaces the buttons and keeps the message. */
export function showActions(actions: readonly Action[]): void {
  const elements = actions.map(button)
  buttons.replaceChildren(...elements)
  overlay.hidden = false
  elements[0]?.focus()
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
