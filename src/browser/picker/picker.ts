import type { PickerConfig } from './config.ts'
import { converse } from './conversation.ts'
import { launchPicker, type PickerResult, report } from './launch.ts'
import { askForToken, askForProblem, type Problem } from './token-client.ts'
import {
  type Action,
  newFrame,
  newName,
  removeFrame,
  showActions,
  showMessage,
  showPicker,
  type Target,
} from './view.ts'

/** For Microsoft's page to send `initialize`. Enough for a slow connection; a page that refuses frames never does. */
const INITIALIZE_MS = 15_000
/** The size that Microsoft recommends. */
const WINDOW_FEATURES = 'popup,width=1080,height=680'
const WATCH_WINDOW_MS = 500

/** A reload also makes the server ask Graph for the hosts again. */
const TRY_AGAIN: Action = { label: 'Try again', run: () => location.reload(), isQuiet: true }
const CANCEL: Action = { label: 'Cancel', run: cancel, isQuiet: true }

const NOT_IN_FRAME: Problem = {
  title: 'The file picker did not appear',
  detail:
    'Your browser may not allow it inside another page. Open it in a separate window instead.',
}
const NO_RESPONSE: Problem = {
  title: 'The file picker did not appear',
  detail:
    'Your browser or your organisation may block Microsoft’s page. Try again or ask your administrator.',
}
const WINDOW_BLOCKED: Problem = {
  title: 'Your browser blocked the window',
  detail: 'Allow pop-up windows for this site, then try again.',
}

const config = readConfig()
/** Stops listening to the open picker, in the frame or the window. */
let stopListening: () => void = () => undefined
let timer: ReturnType<typeof setTimeout> | undefined
let port: MessagePort | undefined
let popup: Window | undefined
let isOver = false

addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') cancel()
})
void start()

/** Opens Microsoft's picker, gives it tokens, and sends the chosen files to the chat app's page. */
async function start(): Promise<void> {
  showActions([CANCEL])
  if (config.launchUrl !== '') return openFrame(false)
  const answer = await askForProblem()
  // The problem has passed, so a reload of this page gets a picker.
  if (answer.ok) location.reload()
  else fail(answer.problem)
}

/** Opens the picker in a frame, once more with a new token if nothing appears, then offers a window. */
function openFrame(renew: boolean): Promise<void> {
  return launchIn(newFrame, renew, () => {
    removeFrame()
    if (renew) offerWindow(NOT_IN_FRAME)
    else void openFrame(true)
  })
}

/** Browsers or policies can forbid the frame; a window still works. */
function offerWindow(problem: Problem): void {
  showMessage(problem, [
    { label: 'Open in a window', run: () => void openWindow() },
    TRY_AGAIN,
    CANCEL,
  ])
}

async function openWindow(): Promise<void> {
  // Before the first await, because browsers allow a window only during the click.
  const name = newName()
  const opened = window.open('about:blank', name, WINDOW_FEATURES)
  if (opened === null) return offerWindow(WINDOW_BLOCKED)
  popup = opened
  showFiles()
  await launchIn(
    () => ({ name, window: opened }),
    false,
    () => fail(NO_RESPONSE),
  )
  watchWindow(opened)
}

async function launchIn(
  target: () => Target,
  renew: boolean,
  onTimeout: () => void,
): Promise<void> {
  const answer = await askForToken({ resource: new URL(config.launchUrl).origin, renew })
  if (isOver) return
  if (!answer.ok) return fail(answer.problem)
  stopListening()
  timer = setTimeout(onTimeout, INITIALIZE_MS)
  stopListening = launchPicker({ config, target: target(), token: answer.token, onInitialize })
}

/** Microsoft's page sends `initialize` again after a reload; the new port replaces the old one. */
function onInitialize(newPort: MessagePort): void {
  clearTimeout(timer)
  port?.close()
  port = newPort
  converse(newPort, {
    ...config,
    token: askForToken,
    onRefused: (problem) =>
      showMessage(problem, [
        ...remedies(problem),
        { label: 'Back to the files', run: showFiles, isQuiet: true },
      ]),
    onPicked: (items) => finish({ type: 'entrada:picked', items }),
    onClosed: cancel,
  })
  showFiles()
}

function showFiles(): void {
  if (popup === undefined) showPicker()
  else showMessage({ title: 'Choose your files in the other window' }, [CANCEL])
}

function watchWindow(opened: Window): void {
  const watch = setInterval(() => {
    if (!opened.closed) return
    clearInterval(watch)
    // This page has closed the window itself.
    if (popup !== opened) return
    // Without `initialize` the window may be open: Cross-Origin-Opener-Policy makes it look closed from here.
    if (port === undefined) fail(NO_RESPONSE)
    else cancel()
  }, WATCH_WINDOW_MS)
}

function cancel(): void {
  finish({ type: 'entrada:closed' })
}

function finish(result: PickerResult): void {
  if (isOver) return
  isOver = true
  closePicker()
  report(result, config)
  showMessage({ title: 'You can close this page' }, [])
  // Takes effect only where a script has opened this window.
  window.close()
}

function fail(problem: Problem): void {
  closePicker()
  showMessage(problem, [...remedies(problem), TRY_AGAIN, CANCEL])
}

function closePicker(): void {
  clearTimeout(timer)
  stopListening()
  port?.close()
  popup?.close()
  popup = undefined
  removeFrame()
}

function readConfig(): PickerConfig {
  return JSON.parse(document.getElementById('picker')?.dataset['config'] ?? '') as PickerConfig
}

/** Sign-in and consent cannot appear in a frame, so they open in a window. The person then tries again here. */
function remedies({ remedyUrl }: Problem): readonly Action[] {
  if (remedyUrl === undefined) return []
  return [{ label: 'Continue', run: () => void window.open(remedyUrl, '_blank', 'noopener') }]
}
