import type { PickerConfig } from './config.ts'
import { converse } from './conversation.ts'
import { launchPicker, type Launch } from './launch.ts'
import { report, type PickerResult } from './result-channel.ts'
import { askForToken, askWhy, type Problem } from './token-broker.ts'
import { View, type Action } from './view.ts'

/** Microsoft's own advice for the size of the window. */
const WINDOW_FEATURES = 'popup,width=1080,height=680'
const WATCH_WINDOW_MS = 500

/** Opens Microsoft's picker in this page, hands it tokens, and tells the chat what was chosen. */
class PickerPage {
  readonly #config: PickerConfig
  readonly #view = new View()
  #stopListening: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #port: MessagePort | null = null
  #popup: Window | null = null
  #isOver = false

  constructor(config: PickerConfig) {
    this.#config = config
  }

  async start(): Promise<void> {
    this.#view.say(
      { title: 'Opening your files…', detail: 'Microsoft’s file picker is on its way.' },
      [this.#cancel],
    )
    const { launchUrl } = this.#config
    if (launchUrl !== null) return this.#openFrame(launchUrl)
    const problem = await askWhy()
    // What stood against it has passed, so this address has a picker to open now.
    if (problem === null) location.reload()
    else this.#fail(problem)
  }

  /** In a frame, and once more with a new token when nothing appears; then the person may open a window. */
  async #openFrame(launchUrl: string, attempt = 1): Promise<void> {
    const resource = new URL(launchUrl).origin
    const answer = await askForToken({ resource, renew: attempt > 1 })
    if (this.#isOver) return
    if (!answer.ok) return this.#fail(answer.problem)
    const target = this.#view.newFrame()
    this.#launch({ launchUrl, target, token: answer.token }, () => {
      this.#view.removeFrame()
      if (attempt === 1) void this.#openFrame(launchUrl, 2)
      else this.#offerWindow(launchUrl)
    })
  }

  /** Framing can be forbidden by what neither we nor the tenant control; a window cannot. */
  #offerWindow(launchUrl: string): void {
    this.#view.say(
      {
        title: 'The file picker did not appear',
        detail:
          'Your browser or organisation may not allow it inside another page. It can open in a window of its own.',
      },
      [
        { label: 'Open in a window', run: () => void this.#openWindow(launchUrl) },
        this.#again,
        this.#cancel,
      ],
    )
  }

  async #openWindow(launchUrl: string): Promise<void> {
    // Before anything is awaited: browsers allow a window only in answer to a click.
    const name = `picker-${crypto.randomUUID()}`
    const popup = window.open('about:blank', name, WINDOW_FEATURES)
    if (popup === null) {
      return this.#view.say(
        {
          title: 'The window was blocked',
          detail: 'Allow pop-up windows for this site, then try again.',
        },
        [{ label: 'Try again', run: () => void this.#openWindow(launchUrl) }, this.#cancel],
      )
    }
    this.#popup = popup
    this.#port?.close()
    this.#port = null
    this.#showPicker()
    const answer = await askForToken({ resource: new URL(launchUrl).origin })
    if (this.#isOver) return
    if (!answer.ok) return this.#fail(answer.problem)
    const target = { name, window: popup }
    this.#launch({ launchUrl, target, token: answer.token }, () => this.#fail(SILENT))
    this.#watchWindow(popup)
  }

  #launch(what: Pick<Launch, 'launchUrl' | 'target' | 'token'>, onSilence: () => void): void {
    const config = this.#config
    this.#stopListening()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(onSilence, config.initializeSeconds * 1000)
    const onInitialize = (port: MessagePort) => this.#converse(port)
    this.#stopListening = launchPicker({ ...what, config, onInitialize })
  }

  /** Microsoft's page says hello again after a reload; the new port replaces the old. */
  #converse(port: MessagePort): void {
    clearTimeout(this.#timer)
    this.#port?.close()
    this.#port = port
    converse(port, {
      ...this.#config,
      token: askForToken,
      onRefused: (problem) =>
        this.#view.say(problem, [
          ...remedies(problem),
          { label: 'Back to the files', run: () => this.#showPicker(), isQuiet: true },
        ]),
      onPicked: (items) =>
        this.#finish({ type: 'entrada:picked', channel: this.#config.channel, items }),
      onClosed: () => this.close(),
    })
    this.#showPicker()
  }

  #showPicker(): void {
    if (this.#popup === null) this.#view.showPicker()
    else this.#view.say({ title: 'Choose your files in the other window' }, [this.#cancel])
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

  #fail(problem: Problem): void {
    const popup = this.#popup
    this.#popup = null
    popup?.close()
    clearTimeout(this.#timer)
    this.#view.removeFrame()
    this.#view.say(problem, [...remedies(problem), this.#again, this.#cancel])
  }

  /** The server looks for the hosts anew when a page is loaded again: they may not be what they were. */
  readonly #again = { label: 'Try again', run: () => location.reload(), isQuiet: true }
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
    this.#view.say({ title: 'You can close this page' }, [])
    // Takes effect only where a script has opened this window.
    if (window.parent === window) window.close()
  }
}

const SILENT: Problem = {
  title: 'The file picker did not appear',
  detail: 'Microsoft’s page did not answer. It may be blocked by your browser or organisation.',
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
