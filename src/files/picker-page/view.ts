import type { Problem } from './token-broker.ts'

export interface Action {
  readonly label: string
  readonly run: () => void
  readonly isQuiet?: boolean
}

/** What the page shows of its own, before, beside and instead of Microsoft's picker. */
export class View {
  readonly #overlay = find('picker-overlay')
  readonly #heading = find('picker-heading')
  readonly #text = find('picker-text')
  readonly #facts = find('picker-facts')
  readonly #actions = find('picker-actions')
  readonly #stage = find('picker-stage')

  /** An empty frame to show Microsoft's page in; takes the place of the one before. */
  newFrame(): { readonly name: string; readonly window: Window } {
    const frame = document.createElement('iframe')
    frame.name = `picker-${crypto.randomUUID()}`
    frame.title = document.title
    // Everything the picker needs, and no way to send the chat's window elsewhere.
    frame.setAttribute(
      'sandbox',
      'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox',
    )
    this.#stage.replaceChildren(frame)
    const { contentWindow } = frame
    if (contentWindow === null) throw new Error('a frame in a document has a window')
    return { name: frame.name, window: contentWindow }
  }

  removeFrame(): void {
    this.#stage.replaceChildren()
  }

  showPicker(): void {
    this.#overlay.hidden = true
  }

  say({ title, detail, code, requestId }: Problem, actions: readonly Action[]): void {
    this.#heading.textContent = title
    this.#text.textContent = detail ?? ''
    this.#facts.textContent = code === undefined ? '' : `${code} · ${requestId ?? ''}`
    this.#actions.replaceChildren(...actions.map(button))
    this.#overlay.hidden = false
    const [first] = this.#actions.children
    if (first instanceof HTMLElement) first.focus()
  }
}

function button({ label, run, isQuiet = false }: Action): HTMLElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = isQuiet ? 'button quiet' : 'button'
  made.textContent = label
  made.addEventListener('click', run)
  return made
}

function find(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}
