import type { PickerConfig } from './config.ts'
import { converse } from './conversation.ts'
import { launchPicker } from './launch.ts'
import { report, type PickerResult } from './result-channel.ts'
import { askForToken, askWhy, type Problem } from './token-broker.ts'
import {
  newFrame,
  newName,
  offer,
  removeFrame,
  say,
  showPicker,
  type Action,
  type Target,
} from './view.ts'

/** A slow line and a cold SharePoint front end take this long; a page that may not be framed takes for ever. */
const INITIALIZE_MS = 15_000
/** Microsoft's own advice for the size of the window. */
const WINDOW_FEATURES = 'popup,width=1080,height=680'
const WATCH_WINDOW_MS = 500

/** Opens Microsoft's picker in this page, hands it tokens, and tells the chat what was chosen. */
class PickerPage {
  readonly #config: PickerConfig
  #stopListening: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #port: MessagePort | null = null
  #popup: Window | null = null
  #isOver = false

  constructor(config: PickerConfig) {
    this.#config = config
  }

  async start(): Promise<void> {
    offer([this.#cancel])
    if (this.#config.launchUrl !== '') return this.#openFrame()
    const why = await askWhy()
    // What stood against it has passed, so this address has a picker to open now.
    if (why.ok) location.reload()
    else this.#fail(why.problem)
  }

  /** In a frame, and once more with a new token when nothing appears; then the person may open a window. */
  #openFrame(renew = false): Promise<void> {
    return this.#open(newFrame, renew, () => {
      removeFrame()
      if (renew) this.#offerWindow(NOT_FRAMED)
      else void this.#openFrame(true)
    })
  }

  /** Framing can be forbidden by what neither we nor the tenant control; a window cannot. */
  #offerWindow(problem: Problem): void {
    const run = () => void this.#openWindow()
    say(problem, [{ label: 'Open in a window', run }, this.#again, this.#cancel])
  }

  async #openWindow(): Promise<void> {
    // Before anything is awaited: browsers allow a window only in answer to a click.
    const name = newName()
    const popup = window.open('about:blank', name, WINDOW_FEATURES)
    if (popup === null) return this.#offerWindow(BLOCKED)
    this.#popup = popup
    this.#showPicker()
    await this.#open(
      () => ({ name, window: popup }),
      false,
      () => this.#fail(SILENT),
    )
    this.#watchWindow(popup)
  }

  async #open(target: () => Target, renew: boolean, onSilence: () => void): Promise<void> {
    const config = this.#config
    const answer = await askForToken({ resource: new URL(config.launchUrl).origin, renew })
    if (this.#isOver) return
    if (!answer.ok) return this.#fail(answer.problem)
    this.#stopListening()
    this.#timer = setTimeout(onSilence, INITIALIZE_MS)
    this.#stopListening = launchPicker({
      config,
      target: target(),
      token: answer.token,
      onInitialize: (port) => this.#converse(port),
    })
  }

  /** Microsoft's page says hello again after a reload; the new port replaces the old. */
  #converse(port: MessagePort): void {
    clearTimeout(this.#timer)
    this.#port?.close()
    this.#port = port
    const back = { label: 'Back to the files', run: () => this.#showPicker(), isQuiet: true }
    converse(port, {
      ...this.#config,
      token: askForToken,
      onRefused: (problem) => say(problem, [...remedies(problem), back]),
      onPicked: (items) => this.#finish({ type: 'entrada:picked', items }),
      onClosed: () => this.close(),
    })
    this.#showPicker()
  }

  #showPicker(): void {
    if (this.#popup === null) showPicker()
    else say({ title: 'Choose your files in the other window' }, [this.#cancel])
  }

  #watchWindow(popup: Window): void {
    const watch = setInterval(() => {
      if (!popup.closed) return
      clearInterval(watch)
      // One that we have closed ourselves says nothing about the person's wishes.
      if (this.#popup !== popup) return
      // Nor does one that never said hello: a page that isolates itself looks closed to us from the start.
      if (this.#port === null) this.#fail(SILENT)
      else this.close()
    }, WATCH_WINDOW_MS)
  }

  /** The server looks for the hosts anew when a page is loaded again: they may not be what they were. */
  readonly #again = { label: 'Try again', run: () => location.reload(), isQuiet: true }
  readonly #cancel = { label: 'Cancel', run: () => this.close(), isQuiet: true }

  close(): void {
    this.#finish({ type: 'entrada:closed' })
  }

  #finish(result: PickerResult): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#letGo()
    report(result, this.#config)
    say({ title: 'You can close this page' }, [])
    // Takes effect only where a script has opened this window.
    window.close()
  }

  #fail(problem: Problem): void {
    this.#letGo()
    say(problem, [...remedies(problem), this.#again, this.#cancel])
  }

  #letGo(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
    this.#port?.close()
    this.#popup?.close()
    this.#popup = null
    removeFrame()
  }
}

const NOT_FRAMED: Problem = {
  title: 'The file picker did not appear',
  detail: 'It may not be allowed inside another page. It can open in a window of its own.',
}
const SILENT: Problem = {
  title: 'The file picker did not appear',
  detail: 'Your browser or organisation may block Microsoft’s page.',
}
const BLOCKED: Problem = {
  title: 'The window was blocked',
  detail: 'Allow pop-up windows for this site, then try again.',
}

/** Sign-in and consent refuse to be framed, so they get a window; afterwards the person tries again. */
function remedies({ remedyUrl }: Problem): readonly Action[] {
  if (remedyUrl === undefined) return []
  return [{ label: 'Continue', run: () => void window.open(remedyUrl, '_blank', 'noopener') }]
}

function readConfig(): PickerConfig {
  return JSON.parse(document.getElementById('picker')?.dataset['config'] ?? '') as PickerConfig
}

const page = new PickerPage(readConfig())
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') page.close()
})
void page.start()
