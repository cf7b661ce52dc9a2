import type { PickerConfig } from './config.ts'
import { converse } from './conversation.ts'
import { launchPicker } from './launch.ts'
import { report, type PickerResult } from './result-channel.ts'
import { askForToken, type Problem } from './token-broker.ts'
import { View } from './view.ts'

/** Microsoft's own advice for the size of the window. */
const WINDOW_FEATURES = 'popup,width=1080,height=680'
const WATCH_WINDOW_MS = 500

/** Opens Microsoft's picker in this page, hands it tokens, and tells the chat what was chosen. */
class PickerPage {
  readonly #config: PickerConfig
  readonly #view = new View()
  readonly #resource: string
  #stopListening: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #port: MessagePort | null = null
  #popup: Window | null = null
  #isOver = false

  constructor(config: PickerConfig) {
    this.#config = config
    this.#resource = new URL(config.launchUrl).origin
  }

  /** In a frame, and once more with a new token when nothing appears; then the person may open a window. */
  async open(attempt = 1): Promise<void> {
    this.#view.say('Opening your files…', 'Microsoft’s file picker is on its way.', [this.#cancel])
    const answer = await askForToken({ resource: this.#resource, renew: attempt > 1 })
    if (this.#isOver) return
    if (!answer.ok) return this.#fail(answer.problem)
    this.#launch(this.#view.newFrame(), answer.token, () => {
      this.#view.removeFrame()
      if (attempt === 1) void this.open(2)
      else this.#offerWindow()
    })
  }

  /** Framing can be forbidden by what neither we nor the tenant control; a window cannot. */
  #offerWindow(): void {
    this.#view.say(
      'The file picker did not appear',
      'Your browser or organisation may not allow it inside another page. It can open in a window of its own.',
      [
        { label: 'Open in a window', run: () => void this.#openWindow() },
        this.#again,
        this.#cancel,
      ],
    )
  }

  async #openWindow(): Promise<void> {
    // Before anything is awaited: browsers allow a window only in answer to a click.
    const name = `picker-${crypto.randomUUID()}`
    const popup = window.open('about:blank', name, WINDOW_FEATURES)
    if (popup === null) {
      return this.#view.say(
        'The window was blocked',
        'Allow pop-up windows for this site, then try again.',
        [{ label: 'Try again', run: () => void this.#openWindow() }, this.#cancel],
      )
    }
    this.#popup = popup
    this.#view.say('Choose your files in the other window', '', [this.#cancel])
    const answer = await askForToken({ resource: this.#resource })
    if (this.#isOver) return
    if (!answer.ok) return this.#fail(answer.problem)
    this.#launch({ name, window: popup }, answer.token, () => this.#fail(SILENT))
    this.#watchWindow(popup)
  }

  #launch(target: { name: string; window: Window }, token: string, onSilence: () => void): void {
    const config = this.#config
    this.#stopListening()
    this.#timer = setTimeout(onSilence, config.initializeSeconds * 1000)
    this.#stopListening = launchPicker({
      config,
      target,
      token,
      onInitialize: (port) => this.#converse(port),
    })
  }

  /** Microsoft's page says hello again after a reload; the new port replaces the old. */
  #converse(port: MessagePort): void {
    clearTimeout(this.#timer)
    this.#port?.close()
    this.#port = port
    converse(port, {
      ...this.#config,
      token: askForToken,
      onPicked: (items) =>
        this.#finish({ type: 'entrada:picked', channel: this.#config.channel, items }),
      onClosed: () => this.#finish({ type: 'entrada:closed', channel: this.#config.channel }),
    })
    if (this.#popup === null) this.#view.showPicker()
  }

  #watchWindow(popup: Window): void {
    const watch = setInterval(() => {
      if (!popup.closed) return
      clearInterval(watch)
      this.close()
    }, WATCH_WINDOW_MS)
  }

  #fail(problem: Problem): void {
    this.#popup?.close()
    this.#popup = null
    this.#view.removeFrame()
    const remedy = problem.remedyUrl
    const actions = remedy === null ? [] : [{ label: 'Continue', run: () => openRemedy(remedy) }]
    this.#view.tell(problem, [...actions, this.#again, this.#cancel])
  }

  readonly #again = { label: 'Try again', run: () => void this.open(), isQuiet: true }
  readonly #cancel = { label: 'Cancel', run: () => this.close(), isQuiet: true }

  close(): void {
    this.#finish({ type: 'entrada:closed', channel: this.#config.channel })
  }

  #finish(result: PickerResult): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#stopListening()
    this.#port?.close()
    this.#popup?.close()
    this.#view.removeFrame()
    report(result, this.#config.publicOrigin)
    this.#view.say('You can close this page', '', [])
    // Takes effect only where a script has opened this window.
    if (window.parent === window) window.close()
  }
}

const SILENT: Problem = {
  title: 'The file picker did not appear',
  detail: 'Microsoft’s page did not answer. It may be blocked by your browser or organisation.',
  code: null,
  requestId: null,
  remedyUrl: null,
}

/** Sign-in and consent refuse to be framed, so they get a window; afterwards the person tries again. */
function openRemedy(url: string): void {
  window.open(url, '_blank', 'noopener')
}

function readConfig(): PickerConfig {
  return JSON.parse(document.getElementById('picker')?.dataset['config'] ?? '') as PickerConfig
}

const page = new PickerPage(readConfig())
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') page.close()
})
void page.open()
